"""How a request shows who asks; dlt's own ways, and Shopify's header for tokens that last a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlt.common.configuration.specs.base_configuration import configspec
from dlt.sources.helpers.rest_client.auth import (
    APIKeyAuth,
    BearerTokenAuth,
    HttpBasicAuth,
    OAuth2ClientCredentials,
)

from flows.settings.http import Http

if TYPE_CHECKING:
    from requests import PreparedRequest, Session
    from requests.auth import AuthBase

SHOPIFY_HEADER = "X-Shopify-Access-Token"


@configspec
class ShopifyApp(OAuth2ClientCredentials):
    """The client credentials grant of an app of Shopify's Dev Dashboard."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """The request with a token that is fetched when there is none that is still good."""
        if self.access_token is None or self.is_token_expired():
            self.obtain_token()
        request.headers[SHOPIFY_HEADER] = str(self.access_token)
        return request


def auth_of(http: Http, token: str, session: Session) -> AuthBase:
    """What signs the requests of a source; `session` fetches tokens where they have to be fetched."""
    if http.system == "shopify" and http.client_id:
        return ShopifyApp(
            access_token_url=f"{http.address}/admin/oauth/access_token",
            client_id=http.client_id,
            client_secret=token,
            session=session,
        )
    if http.system == "shopify":
        return APIKeyAuth(name=SHOPIFY_HEADER, api_key=token, location="header")
    if http.user:
        user = f"{http.user}/token" if http.system == "zendesk" else http.user
        return HttpBasicAuth(username=user, password=token)
    return BearerTokenAuth(token=token)
