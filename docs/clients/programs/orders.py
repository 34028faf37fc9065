"""Orders that are paid with quota: PyMySQL and tenant_quota.client."""

import os
import time
from contextlib import closing
from datetime import timedelta

import pymysql

from tenant_quota.client import Answer, InvalidArgument, Quota, QuotaExceeded, may_do_again


def connect():
    return pymysql.connect(
        host=os.environ["DB_HOST"],
        port=int(os.environ["DB_PORT"]),
        user=os.environ["DB_USER"],
        password=os.environ["DB_PASSWORD"],
        database=os.environ["DB_NAME"],
        charset="utf8mb4",
        autocommit=True,  # PyMySQL's default is off: then nothing is kept without a commit
    )


def place_order(order_no: str, codes: int) -> Answer:
    """Write the order and charge for it: both or neither. The same order may be placed again."""
    for attempt in range(1, 9):
        try:
            with closing(connect()) as connection:
                connection.begin()
                with connection.cursor() as cursor:
                    cursor.execute(
                        "INSERT INTO orders VALUES (%s, 'CH_123', %s)"
                        " ON DUPLICATE KEY UPDATE order_no = order_no",
                        (order_no, codes),
                    )
                quota = Quota(connection, "CH_123")
                # Raises QuotaExceeded; then the connection closes, and the order is gone too.
                answer = quota.consume_or_raise(
                    "REDEEM_CODE", codes, biz_type="ORDER", biz_id=order_no
                )
                connection.commit()
                return answer
        except Exception as error:
            # It is our transaction, so nobody but us may do it again, and we do all of it.
            if attempt == 8 or not may_do_again(error):
                raise
            time.sleep(0.05 * attempt)
    raise AssertionError


ORDERS = (("order-1", 1), ("order-1", 1), ("order-🎁", 1), ("order-2", 4), ("order-3", 6))
for order_no, codes in ORDERS:
    try:
        answer = place_order(order_no, codes)
        print(f"{order_no}: {answer.status.value}, {answer.remaining} left")
    except QuotaExceeded as denied:
        wait = denied.answer.retry_after_seconds  # None: waiting does not help
        print(f"{order_no}: EXCEEDED, {'for good' if wait is None else f'again in {wait} s'}")

with closing(connect()) as connection:
    quota = Quota(connection, "CH_123", connect=connect)
    # It has a connection of its own, and a thread renews it while the export is at work.
    with quota.lease("EXPORT", "orders.py", ttl=timedelta(seconds=30)) as lease:
        lease.keep()  # raises HoldLost if the lease is lost
    print("lease: released")

    try:
        quota.consume("REDEEM_CODE", 0)
    except InvalidArgument as error:
        print(f"error: {error}")
