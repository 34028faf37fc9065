"""The recipes of docs/clients/python.md: FastAPI and Django answer 429 with Retry-After."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tenant_quota.client import AsyncQuota, HoldLost, Item, QuotaExceeded, Status, Transaction
from tests.clients.conftest import Shop
from tests.clients.kinds import django, import_program, module
from tests.helpers.support import rows, value

DRIVERS = ["asyncmy", "aiomysql"]


@pytest.mark.parametrize("driver", DRIVERS)
def test_fastapi_answers_429_with_retry_after(shop: Shop, monkeypatch: Any, driver: str) -> None:
    module(driver)
    module("httpx")
    testing = module("fastapi.testclient")
    monkeypatch.setenv("DB_URL", shop.url_for(driver))
    program = import_program("fastapi_limits")
    with testing.TestClient(program.app) as client:
        for left in (4, 3, 2, 1, 0):
            answer = client.post("/codes", headers={"X-Tenant": "CH_123"})
            assert (answer.status_code, answer.json()) == (200, {"remaining": left})
        denied = client.post("/codes", headers={"X-Tenant": "CH_123"})
        assert denied.status_code == 429
        assert 1 <= int(denied.headers["Retry-After"]) <= 31 * 24 * 3600
        nobody = client.post("/codes", headers={"X-Tenant": "CH_NONE"})
        assert nobody.status_code == 429
        assert "Retry-After" not in nobody.headers
        assert len(shop.ledger()) == 5

        async def fails(answer: Any) -> None:
            raise ZeroDivisionError

        fails.__annotations__["answer"] = program.Annotated[Any, program.charge("REDEEM_CODE")]
        program.app.post("/fails")(fails)
        rows(shop.admin, "DELETE FROM quota_usage_records")
        rows(shop.admin, "UPDATE tenant_quotas SET used_count = 0")
        with pytest.raises(ZeroDivisionError):
            client.post("/fails", headers={"X-Tenant": "CH_123"})
        assert shop.ledger() == []  # a request that fails costs nothing
        client.portal.call(program.engine.dispose)


def test_django_answers_429_with_retry_after(shop: Shop) -> None:
    django(shop, autocommit=True).close()  # sets Django up
    client = module("django.test").Client(headers={"X-Tenant": "CH_123"})
    for _ in range(5):
        assert client.get("/codes").json() == {"redeemed": True}
    denied = client.get("/codes")
    assert (denied.status_code, denied.content) == (429, b"EXCEEDED")
    assert 1 <= int(denied.headers["Retry-After"]) <= 31 * 24 * 3600
    nobody = client.get("/codes", headers={"X-Tenant": "CH_NONE"})
    assert (nobody.status_code, nobody.content) == (429, b"NO_QUOTA")
    assert "Retry-After" not in nobody.headers
    assert len(shop.ledger()) == 5


@pytest.mark.parametrize("driver", DRIVERS)
def test_async_has_the_same_calls(shop: Shop, driver: str) -> None:
    module(driver)
    alchemy = module("sqlalchemy.ext.asyncio")
    key = {"biz_type": "ORDER", "biz_id": "order-🎁"}
    held = "SELECT used_count FROM tenant_quotas WHERE limit_type = 'CONCURRENT'"

    async def work() -> None:
        engine = alchemy.create_async_engine(shop.url_for(driver))
        async with engine.connect() as connection:
            alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
            quota = AsyncQuota(alone, "CH_123")
            answer = await quota.consume("REDEEM_CODE", 2, **key)
            assert (answer.status, answer.transaction) == (Status.GRANTED, Transaction.OWN)
            assert (await quota.check("REDEEM_CODE", 3)).remaining == 0
            assert (await quota.batch([Item("REDEEM_CODE", 4)])).status is Status.EXCEEDED
            refunded = await quota.refund("REDEEM_CODE", 1, refund_id="r", **key)
            assert refunded.used_count == 1
            assert (await quota.take_token("EXPORT")).status is Status.GRANTED
            assert (await quota.return_token("EXPORT")).status is Status.RELEASED
            async with quota.lease("EXPORT", "worker", ttl=timedelta(seconds=1)) as lease:
                for _ in range(3):
                    await asyncio.sleep(0.4)
                    await lease.keep()
                assert (lease.is_held, value(shop.admin, held)) == (True, 1)
            assert value(shop.admin, held) == 0
            async with quota.reservation("REDEEM_CODE", 3, ttl=timedelta(minutes=1)) as hold:
                assert (await hold.confirm(2)).used_count == 3
            with pytest.raises(HoldLost):
                async with quota.lease("EXPORT", "worker", ttl=timedelta(seconds=1)):
                    await asyncio.sleep(1.1)
            with pytest.raises(QuotaExceeded):
                await quota.consume_or_raise("REDEEM_CODE", 3)
        async with alchemy.AsyncSession(engine) as session:
            async with session.begin():
                joined = await AsyncQuota(session, "CH_123").consume("REDEEM_CODE", 1)
                assert joined.transaction is Transaction.JOINED
                await session.rollback()
            with pytest.raises(TypeError, match="AsyncQuota"):
                module("tenant_quota.client").Quota(session, "CH_123")
        await engine.dispose()

    asyncio.run(work())
    used = "SELECT used_count FROM tenant_quotas WHERE limit_type = 'MONTHLY'"
    assert value(shop.admin, used) == 3
