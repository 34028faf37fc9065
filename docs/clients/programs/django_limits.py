"""Django: a decorator that charges before the view, and answers 429 with Retry-After."""

import os
from functools import wraps

import django
from django.conf import settings
from django.db import connection, transaction
from django.http import HttpResponse, JsonResponse
from django.urls import path

from tenant_quota.client import Quota, Status

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY=os.environ["SECRET_KEY"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.mysql",
            "HOST": os.environ["DB_HOST"],
            "PORT": os.environ["DB_PORT"],
            "USER": os.environ["DB_USER"],
            "PASSWORD": os.environ["DB_PASSWORD"],
            "NAME": os.environ["DB_NAME"],
            "OPTIONS": {"charset": "utf8mb4"},
        }
    },
)
django.setup()


def charges(quota_type, amount=1):
    """Charge the tenant first. The view runs only if that is granted."""

    def decorate(view):
        @wraps(view)
        def charged(request, *arguments, **named):
            # One transaction: a view that raises an error costs nothing.
            with transaction.atomic():
                quota = Quota(connection, request.headers["X-Tenant"])
                answer = quota.consume(quota_type, amount)
                if answer.success:
                    return view(request, *arguments, **named)
            code = 429 if answer.status is Status.EXCEEDED else 403  # no quota, suspended ...
            response = HttpResponse(answer.status.value, status=code)
            if answer.retry_after_seconds is not None:  # whole seconds, rounded up
                response["Retry-After"] = str(answer.retry_after_seconds)
            return response

        return charged

    return decorate


@charges("REDEEM_CODE")
def redeem(request):
    return JsonResponse({"redeemed": True})


urlpatterns = [path("codes", redeem)]
