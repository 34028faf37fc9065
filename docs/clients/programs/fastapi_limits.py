"""FastAPI on SQLAlchemy's AsyncSession: a dependency that charges, and 429 with Retry-After."""

import os
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI, Header, Request
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from tenant_quota.client import Answer, AsyncQuota, QuotaExceeded, Status

engine = create_async_engine(os.environ["DB_URL"])  # mysql+asyncmy://user:...@host/shop
new_session = async_sessionmaker(engine)
app = FastAPI()


async def session() -> AsyncIterator[AsyncSession]:
    """Give a transaction: committed if the request succeeds, and rolled back if it does not."""
    async with new_session.begin() as session:
        yield session


# "function": the commit comes before the response, so nobody is told of what was not kept.
Session = Annotated[AsyncSession, Depends(session, scope="function")]


def charge(quota_type: str, amount: int = 1):
    """Charge the tenant in the request's own transaction, before the request's work."""

    async def dependency(session: Session, x_tenant: Annotated[str, Header()]) -> Answer:
        return await AsyncQuota(session, x_tenant).consume_or_raise(quota_type, amount)

    return Depends(dependency)


@app.exception_handler(QuotaExceeded)
async def denied_by_quota(request: Request, denied: QuotaExceeded) -> JSONResponse:
    seconds = denied.answer.retry_after_seconds  # whole seconds, rounded up
    headers = {} if seconds is None else {"Retry-After": str(seconds)}
    code = 429 if denied.answer.status is Status.EXCEEDED else 403  # no quota, suspended ...
    return JSONResponse({"detail": str(denied)}, status_code=code, headers=headers)


@app.post("/codes")
async def redeem(answer: Annotated[Answer, charge("REDEEM_CODE")]) -> dict[str, int | None]:
    return {"remaining": answer.remaining}
