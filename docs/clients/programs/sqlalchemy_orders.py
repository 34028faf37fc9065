"""SQLAlchemy: the order and its charge in one transaction of a Session."""

import os
import time

from sqlalchemy import String, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tenant_quota.client import Answer, Quota, QuotaExceeded, may_do_again

engine = create_engine(os.environ["DB_URL"])  # mysql+mysqldb://user:...@host/shop?charset=utf8mb4


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    order_no: Mapped[str] = mapped_column(String(64), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(64))
    codes: Mapped[int]


def place_order(order_no: str, codes: int) -> Answer:
    """Write the order and charge for it: both or neither. The same order may be placed again."""
    for attempt in range(1, 9):
        try:
            with Session(engine) as session, session.begin():  # rolled back by any exception
                session.merge(Order(order_no=order_no, tenant_id="CH_123", codes=codes))
                session.flush()
                quota = Quota(session, "CH_123")
                return quota.consume_or_raise(
                    "REDEEM_CODE", codes, biz_type="ORDER", biz_id=order_no
                )
        except Exception as error:
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
