"""One account's API over dlt's client: pages, retries and waits within a limit, nothing else."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast
from urllib.parse import urlsplit

from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.sources.helpers.requests.retry import Client
from dlt.sources.helpers.rest_client.client import RESTClient
from requests import HTTPError, Request, RequestException, Response
from requests.exceptions import ChunkedEncodingError, ConnectionError, Timeout  # noqa: A004

from flows.settings.http import Http
from flows.sources.http.auth import auth_of
from flows.sources.http.paging import Page, date_of, paginator_of, seconds_of
from flows.sources.http.problem import PullProblem, Why
from flows.sources.http.tokens import place, secret
from transforms.pulls.answers import judge
from transforms.pulls.endpoint import Ask, Endpoint
from transforms.pulls.systems import SYSTEMS

ATTEMPTS = 6
"""Tries of one request: with waits of 1, 2, 4, 8 and 16 seconds where the server names none."""
WAITS = 1.0
SILENCE = (10.0, 60.0)
"""Seconds until a connection has to stand, and in which at least something has to come."""
_AGAIN = frozenset({"busy", "garbled"})
_Values = Mapping[str, Any] | None
_AGENT = {"User-Agent": "hearcast", "Accept": "application/json"}


class _BusyError(HTTPError):
    """An answer that is worth another try; dlt waits as its Retry-After says."""


class Api:
    """The API of one account, for one pull. Every error is a PullProblem."""

    def __init__(
        self, http: Http, environ: Mapping[str, str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.http = http
        self.system = SYSTEMS[http.system]
        self._host = urlsplit(http.address).netloc
        self._clock = clock
        self._ends = clock() + 60 * http.limit_minutes
        self._pause = 60.0 / (http.requests_per_minute or self.system.per_minute)
        self._asked = -self._pause
        token = secret(http, environ)
        client = Client(
            request_timeout=SILENCE,
            raise_for_status=False,
            status_codes=(),
            exceptions=(_BusyError, ConnectionError, Timeout, ChunkedEncodingError),
            request_max_attempts=ATTEMPTS,
            request_backoff_factor=WAITS,
            request_max_retry_delay=60 * http.limit_minutes,
        )
        session = client.session
        session.headers.update(_AGENT)
        self._client = RESTClient(
            base_url=http.address,
            auth=auth_of(http, token, session),
            session=session,
            config=RuntimeConfiguration(),
        )

    def pages(self, ask: Ask, endpoint: Endpoint) -> Iterator[Page]:
        """The pages from `ask` on, one request each."""
        told = ask.as_json()
        pages = self._client.paginate(
            told["path"],
            method=ask.method,
            params=told["params"],
            json=told["body"],
            paginator=paginator_of(endpoint),
            data_selector="$",
            hooks={"response": [self._check]},
            allow_redirects=False,
        )
        while True:
            self._keep_pace()
            with self._told():
                page = next(pages, None)
            if page is None:
                return
            more = page.paginator.has_next_page
            follows = self._asked_next(page.request, ask) if more else None
            yield Page(page.response.content, follows, date_of(page.response))

    def one(self, ask: Ask) -> bytes:
        """The answer to a single request."""
        self._keep_pace()
        told = ask.as_json()
        with self._told():
            return self._client.request(
                told["path"],
                method=ask.method,
                params=told["params"],
                json=told["body"],
                hooks={"response": [self._check]},
                allow_redirects=False,
            ).content

    def _asked_next(self, request: Request, ask: Ask) -> Ask:
        url = str(request.url)
        if urlsplit(url).netloc != self._host:
            raise PullProblem("unfit", "names another host for the next page, which gets no token")
        # dlt changes its request in place from page to page.
        params, body = copy.deepcopy((request.params or None, request.json or None))
        return Ask(url, ask.method, cast(_Values, params), cast(_Values, body))

    def _check(self, response: Response, *_: object, **__: object) -> None:
        """Looks at each answer before anybody uses it; raises what decides how it goes on."""
        if response.is_redirect:
            raise PullProblem("unfit", "has moved elsewhere; check url")
        answer = judge(response.status_code, response.content)
        if answer.kind == "good":
            return
        if answer.kind in _AGAIN:
            self._check_time(response)
            raise _BusyError(answer.said, response=response)
        why: dict[str, Why] = {"refused": "refused", "costly": "costly"}
        locked = response.status_code == 401
        raise PullProblem("account" if locked else why.get(answer.kind, "unfit"), answer.said)

    def _check_time(self, response: Response) -> None:
        asked = seconds_of(response.headers.get("Retry-After", ""))
        if self._clock() + asked > self._ends:
            raise PullProblem("time", _OVER.format(self.http.limit_minutes))

    def _keep_pace(self) -> None:
        """Waits until the next request is allowed. PullProblem where the time is over."""
        wait = max(0.0, self._asked + self._pause - self._clock())
        if self._clock() + wait > self._ends:
            raise PullProblem("time", _OVER.format(self.http.limit_minutes))
        time.sleep(wait)
        self._asked = self._clock()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the library as problems; their own texts hold addresses and are left out."""
        try:
            yield
        except PullProblem as problem:
            if problem.why not in ("account", "refused"):
                raise
            where = f"{self.system.renew}, and put it into {place(self.http)}"
            raise PullProblem(problem.why, f"{problem} to this token: {where}") from None
        except _BusyError as error:
            raise PullProblem("down", f"{error}, {ATTEMPTS} times") from None
        except HTTPError as error:  # the token of an app could not be fetched
            status = (
                "" if error.response is None else f" (it answered {error.response.status_code})"
            )
            said = f"gives the app no token{status}: check client_id and {place(self.http)}"
            raise PullProblem("account", said) from None
        except Timeout:
            raise PullProblem("account", f"did not answer in time, {ATTEMPTS} times") from None
        except (ConnectionError, ChunkedEncodingError):
            said = f"could not be reached, or cut the connection, {ATTEMPTS} times"
            raise PullProblem("account", said) from None
        except (RequestException, ValueError, TypeError, AttributeError) as error:
            said = f"sent what is no page of this API ({type(error).__name__})"
            raise PullProblem("unfit", said) from None


_OVER = (
    "needs longer than limit_minutes ({}) allows; the next night goes on where this one stopped: "
    "raise limit_minutes for the first pull"
)
