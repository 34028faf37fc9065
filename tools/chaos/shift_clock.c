/* Preloaded into mysqld: the clock of the wall is shifted by the seconds in a file.
 *
 * FAKETIME_TIMESTAMP_FILE names it ("+3600"); it is read again ten times a second. A wait until a
 * time of the shifted clock waits until the real one; times of the monotonic clock stay as they are.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static _Atomic long shift, read_at; /* seconds; tenths of a second of the monotonic clock */

static long seconds_ahead(void)
{
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC_COARSE, &now);
    long tenths = now.tv_sec * 10 + now.tv_nsec / 100000000, before = read_at;
    if (tenths != before && atomic_compare_exchange_strong(&read_at, &before, tenths)) {
        char text[32];
        const char *name = getenv("FAKETIME_TIMESTAMP_FILE");
        int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
        ssize_t length = file < 0 ? 0 : read(file, text, sizeof text - 1);
        if (file >= 0)
            close(file);
        if (length > 0) {
            text[length] = 0;
            shift = strtol(text, NULL, 10);
        }
    }
    return shift;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real)
        real = dlsym(RTLD_NEXT, "clock_gettime");
    int answer = real(clock, now);
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
        now->tv_sec += seconds_ahead();
    return answer;
}

int gettimeofday(struct timeval *now, void *zone)
{
    struct timespec precise;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now)
{
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    if (now)
        *now = precise.tv_sec;
    return precise.tv_sec;
}

int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                           const struct timespec *until)
{
    static int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    if (!real)
        real = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    struct timespec shifted = *until;
    if (shifted.tv_sec > 1000000000) /* no machine has been up for so long */
        shifted.tv_sec -= seconds_ahead();
    return real(condition, mutex, &shifted);
}
