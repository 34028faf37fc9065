"""Deliver alerts to a URL, signed as standardwebhooks.com has it, one alert a POST."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import time
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

import click

from tenant_quota import __version__
from tenant_quota.cli.output import as_json
from tenant_quota.errors import TenantQuotaError

SECRET = "TENANT_QUOTA_WEBHOOK_SECRET"  # noqa: S105 - the variable's name


class UndeliveredError(Exception):
    """The receiver did not take an alert; the text names the receiver, and no secret."""

    def __init__(self, alert_id: int, text: str) -> None:
        super().__init__(text)
        self.alert_id = alert_id


class Webhook:
    """Where alerts go. Its path and query may hold a secret: messages name the server alone."""

    batch = 1  # an alert is marked before the next one is sent

    def __init__(self, url: str, timeout: float) -> None:
        """Raise TenantQuotaError on a URL or a secret that cannot be used."""
        try:
            parts = urlsplit(url)
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            raise TenantQuotaError("The webhook's URL cannot be understood.") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise TenantQuotaError("The webhook's URL must begin with https:// or http://.")
        if parts.username is not None:
            raise TenantQuotaError(f"No user or password in the webhook's URL: sign with {SECRET}.")
        self.place = f"{parts.scheme}://{parts.hostname}{port}"
        self._url, self._timeout, self._secret = url, timeout, _secret()
        # What would follow a redirect, and turn the POST into a GET, is left out.
        self._opener = OpenerDirector()
        for handler in (ProxyHandler, HTTPHandler, HTTPSHandler):
            self._opener.add_handler(handler())
        self.delivered = 0

    @property
    def is_signed(self) -> bool:
        """Whether there is a secret to sign with."""
        return self._secret is not None

    def rows(self, rows: list[dict[str, Any]]) -> None:
        """POST each alert; raises UndeliveredError unless the receiver answers 2xx."""
        for row in rows:
            body = as_alert(row).encode()
            headers = {
                "Content-Type": "application/json",
                "User-Agent": f"tenant-quota/{__version__}",
                "webhook-id": str(row["alert_id"]),
                "webhook-timestamp": str(int(time.time())),
            }
            if self._secret is not None:
                headers["webhook-signature"] = signature(self._secret, headers, body)
            self._post(row["alert_id"], Request(self._url, body, headers, method="POST"))  # noqa: S310
            self.delivered += 1

    def _post(self, alert_id: int, request: Request) -> None:
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                problem = "" if 200 <= answer.status < 300 else str(answer.status)
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            problem = getattr(reason, "strerror", None) or type(reason).__name__  # never the URL
        if problem:
            raise UndeliveredError(
                alert_id, f"{self.place} did not take alert {alert_id}: {problem}"
            )

    def close(self) -> None:
        """Say how many were delivered."""
        click.echo(f"{self.delivered} delivered to {self.place}.")


def as_alert(row: Mapping[str, Any]) -> str:
    """Return an alert as JSON. Its id is a string: JavaScript rounds what is above 2^53."""
    return as_json({**row, "alert_id": str(row["alert_id"])})


def signature(secret: bytes, headers: Mapping[str, str], body: bytes) -> str:
    """Return the header that proves id, time and body: HMAC-SHA256 in base64."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()


def _secret() -> bytes | None:
    text = os.environ.get(SECRET, "")
    if not text:
        return None
    try:
        secret = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) < 16:
        raise TenantQuotaError(
            f"{SECRET} must be base64 of 16 bytes or more, as `openssl rand -base64 32` prints."
        )
    return secret
