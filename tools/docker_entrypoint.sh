#!/bin/sh
# What the official image's entrypoint does, as far as testcontainers and our sandbox rely
# on it: at the first start it initialises, loads time zones, and makes root@localhost,
# root@% and MYSQL_DATABASE on a server without network, so that "ready for connections"
# is logged twice before anyone gets in. There are shell builtins and MySQL's programs here,
# nothing else.
set -eu

case "${1:-}" in
    '' | -*) set -- mysqld "$@" ;;
    mysqld) ;;
    *) exec "$@" ;;
esac

if ! [ -e /var/lib/mysql/mysql.ibd ]; then
    password=${MYSQL_ROOT_PASSWORD:?has to be given}
    "$@" --initialize-insecure
    "$@" --skip-networking --mysqlx=OFF &
    mysqladmin --no-defaults --user=root --wait=120 --connect-timeout=5 --silent ping
    {
        echo 'SET SESSION sql_log_bin = 0;'
        mysql_tzinfo_to_sql /usr/share/zoneinfo
        echo "ALTER USER root@localhost IDENTIFIED BY '$password';"
        echo "CREATE USER root@'%' IDENTIFIED BY '$password';"
        echo "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;"
        [ -z "${MYSQL_DATABASE:-}" ] || echo "CREATE DATABASE \`$MYSQL_DATABASE\`;"
        echo 'SHUTDOWN;'
    } | mysql --no-defaults --user=root mysql
    wait
fi

exec "$@"
