"""The object that users hold: its lifetime, its views, its pools."""

import asyncio
import gc
import http.cookiejar

import httpx
import pytest

from missive_async import (
    AsyncMissive,
    ClientClosed,
    ConfigurationError,
    InvalidRequest,
    Lane,
    LocalLimiter,
    NotFound,
    OutcomeUnknown,
    RateLimits,
    RetryPolicy,
    TransportFailed,
)
from raw_server import RawServer

LIMITS = RateLimits.parse("5,1000/60")


def over(handler, token="the-first-token", **options):
    return AsyncMissive(token, transport=httpx.MockTransport(handler), **options)


def fine(_):
    return httpx.Response(200, json={"fine": True})


def test_without_a_token_there_is_no_client():
    with pytest.raises(ConfigurationError, match="MISSIVE_API_TOKEN"):
        AsyncMissive()


@pytest.mark.parametrize("token", ["", "  ", "two words", "line\nbreak", "caf\u00e9"])
def test_a_malformed_token_is_refused_without_being_shown(token):
    with pytest.raises(ConfigurationError) as caught:
        AsyncMissive(token)
    assert not token.strip() or token not in str(caught.value)


async def test_settings_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("MISSIVE_API_TOKEN", "from-the-environment")
    monkeypatch.setenv("MISSIVE_BASE_URL", "http://127.0.0.1:9/v9/")
    monkeypatch.setenv("MISSIVE_LIMITS", "2,30/6")
    seen = []

    def handler(request):
        seen.append((str(request.url), request.headers["authorization"]))
        return fine(request)

    async with AsyncMissive(transport=httpx.MockTransport(handler)) as missive:
        await missive.request("GET", "/teams")
        assert missive.budget().places == 2
    assert seen == [("http://127.0.0.1:9/v9/teams", "Bearer from-the-environment")]


@pytest.mark.parametrize(
    "url", ["", "ftp://example.com", "example.com/v1", "https://", "https://user:pass@example.com", "https://a b.com"]
)
def test_a_base_url_that_is_none_is_refused(url, monkeypatch):
    monkeypatch.setenv("MISSIVE_BASE_URL", "also nothing")
    with pytest.raises(ConfigurationError, match="base URL"):
        AsyncMissive("token", base_url=url)


@pytest.mark.parametrize("option", ["timeout", "deadline"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), "soon", True])
async def test_lengths_of_time_that_are_none_are_refused(option, value):
    with pytest.raises(ConfigurationError, match=option):
        AsyncMissive("token", **{option: value})
    async with over(fine) as missive:
        with pytest.raises(ConfigurationError, match=option):
            missive.with_options(**{option: value})


async def test_an_unclosed_client_says_so():
    missive = over(fine)
    await missive.request("GET", "/teams")
    with pytest.warns(ResourceWarning, match="unclosed client <AsyncMissive"):  # noqa: PT031 - the collector warns
        del missive
        gc.collect()


async def test_closing_twice_is_as_good_as_once():
    missive = over(fine)
    await missive.aclose()
    await missive.aclose()
    with pytest.raises(ClientClosed):
        await missive.request("GET", "/teams")
    with pytest.raises(ClientClosed):
        async with missive:
            pass


def test_a_client_belongs_to_one_loop_and_says_so():
    missive = over(fine)
    asyncio.run(missive.request("GET", "/teams"))

    async def elsewhere():
        with pytest.raises(ConfigurationError, match="another event loop"):
            await missive.request("GET", "/teams")

    asyncio.run(elsewhere())
    asyncio.run(missive.aclose())


async def test_views_share_pool_and_budget_and_change_only_what_they_say():
    async with over(fine, limits=LIMITS) as missive:
        view = missive.with_options(lane=Lane.BULK).with_options(timeout=3.0)
        await view.request("GET", "/teams")
        assert view._pipeline.core is missive._pipeline.core
        assert missive.budget().spent == 1
        options = view._pipeline.options
        assert (options.lane, options.timeout, options.deadline) == (Lane.BULK, 3.0, None)
        assert missive._pipeline.options.lane is None
        await view.aclose()
        assert await missive.request("GET", "/teams") == {"fine": True}


async def test_a_read_only_view_refuses_every_write_locally():
    sent = []

    def handler(request):
        sent.append(request.method)
        return fine(request)

    async with over(handler) as missive:
        view = missive.with_options(read_only=True)
        for method in ("POST", "PATCH", "DELETE"):
            with pytest.raises(InvalidRequest, match="read-only"):
                await view.request(method, "/posts")
        await view.request("GET", "/posts")
        assert missive.budget().spent == 1
    assert sent == ["GET"]


async def test_another_token_has_its_own_budget_on_the_same_pool():
    seen = []

    def handler(request):
        seen.append((request.headers["authorization"], request.headers.get("cookie")))
        return httpx.Response(200, json={}, headers={"set-cookie": "session=of-one-account"})

    async with over(handler, limits=LIMITS) as missive:
        async with missive.for_token("the-second-token") as other:
            await missive.request("GET", "/teams")
            await other.request("GET", "/teams")
            await other.request("GET", "/teams")
            assert (missive.budget().spent, other.budget().spent) == (1, 2)
            assert other._pipeline.transport.pool is missive._pipeline.transport.pool
        await missive.request("GET", "/teams")
    assert seen == [
        ("Bearer the-first-token", None),
        ("Bearer the-second-token", None),
        ("Bearer the-second-token", None),
        ("Bearer the-first-token", None),
    ]


async def test_clients_of_one_token_share_the_budget_of_one_limiter():
    limiter = LocalLimiter()
    async with over(fine, limiter=limiter) as one, over(fine, limiter=limiter) as two:
        await one.request("GET", "/teams")
        await two.request("GET", "/teams")
        assert one.budget().windows[0].free == 298
    async with over(fine, limiter=limiter) as three:
        assert three.budget().windows[0].free == 298
    with pytest.raises(ConfigurationError, match="two different limits"):
        over(fine, limiter=limiter, limits=LIMITS)


def pools():
    import httpx

    yield pytest.param(httpx, id="httpx")
    try:
        import httpx2
    except ImportError:
        yield pytest.param(None, id="httpx2", marks=pytest.mark.skip("httpx2 is not installed"))
    else:
        yield pytest.param(httpx2, id="httpx2")


@pytest.mark.parametrize("library", list(pools()))
async def test_a_callers_pool_is_used_and_left_open(library):
    def act(exchange):
        assert exchange.headers["x-theirs"] == "kept"
        assert exchange.authorization == b"Bearer the-first-token"
        exchange.answer(200, b'{"fine": true}')

    async with RawServer(act) as server, library.AsyncClient(headers={"x-theirs": "kept"}) as pool:
        async with AsyncMissive("the-first-token", base_url=server.url, http_client=pool) as missive:
            assert await missive.request("GET", "/teams") == {"fine": True}
            assert await missive.request("POST", "/posts", json={"a": 1}) == {"fine": True}
        assert not pool.is_closed


@pytest.mark.parametrize("library", list(pools()))
async def test_the_errors_of_a_callers_pool_are_told_apart_like_our_own(library):
    once = RetryPolicy.never()
    async with RawServer(lambda exchange: exchange.abort()) as server, library.AsyncClient() as pool:
        async with AsyncMissive("t", base_url=server.url, http_client=pool, retry=once) as missive:
            with pytest.raises(TransportFailed):
                await missive.request("GET", "/teams")
            with pytest.raises(OutcomeUnknown):
                await missive.request("POST", "/teams", json={})
        async with AsyncMissive("t", base_url="http://127.0.0.1:1", http_client=pool, retry=once) as missive:
            with pytest.raises(TransportFailed, match="could not connect"):
                await missive.request("POST", "/teams", json={})
            assert missive.budget().windows[0].free == 300


async def test_a_callers_pool_that_was_closed_is_said_to_be():
    pool = httpx.AsyncClient()
    await pool.aclose()
    async with AsyncMissive("token", http_client=pool) as missive:
        with pytest.raises(ClientClosed, match="HTTP client"):
            await missive.request("GET", "/teams")


async def test_a_callers_authentication_and_redirects_stand_back():
    async with RawServer(lambda exchange: exchange.answer(200)) as server:

        def act(exchange):
            assert exchange.authorization == b"Bearer the-first-token"
            exchange.answer(302, b"", location=server.url)

        async with (
            RawServer(act) as redirecting,
            httpx.AsyncClient(auth=("a", "b"), follow_redirects=True) as pool,
            AsyncMissive("the-first-token", base_url=redirecting.url, http_client=pool) as missive,
        ):
            with pytest.raises(Exception, match="not followed"):
                await missive.request("GET", "/teams")
        assert server.requests == []


def test_a_pool_and_a_transport_are_one_too_many():
    with pytest.raises(ConfigurationError, match="not both"):
        AsyncMissive("token", http_client=httpx.AsyncClient(), transport=httpx.MockTransport(fine))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/"),
        ("GET", "/contacts/.."),
        ("GET", "/./contacts"),
        ("GET", "//example.com/contacts"),
        ("GET", "https://example.com/contacts"),
        ("GET", "/contacts#all"),
        ("GET", "/con tacts"),
        ("GET", "/contacts\\x"),
        ("GET", "/contacts\r\nx: y"),
        ("STEAL", "/contacts"),
    ],
)
async def test_paths_that_leave_the_api_are_refused(method, path):
    async with over(fine) as missive:
        with pytest.raises(InvalidRequest):
            await missive.request(method, path)
        assert missive.budget().spent == 0


async def test_any_endpoint_can_be_asked():
    def handler(request):
        return httpx.Response(200, json={"asked": str(request.url.raw_path, "ascii")})

    async with over(handler) as missive:
        params = {"a": True, "b": None, "c": "x y&z", "d": [1, 2]}
        assert await missive.request("get", "new/things", params=params) == {
            "asked": "/v1/new/things?a=true&c=x%20y%26z&d=1%2C2"
        }


async def test_what_is_no_json_is_refused_before_anything_is_sent():
    async with over(fine) as missive:
        with pytest.raises(InvalidRequest, match="not JSON"):
            await missive.request("POST", "/posts", json={"x": object()})
        with pytest.raises(InvalidRequest, match="10 MB"):
            await missive.request("POST", "/posts", json={"x": "x" * 10_000_000})
        assert missive.budget().spent == 0


def test_no_cookie_jar_is_behind_the_pool():
    missive = over(fine)
    pool = missive._pipeline.transport.pool.take()
    assert isinstance(pool.cookies.jar, http.cookiejar.CookieJar)
    with pytest.raises(TypeError, match="no cookies"):
        pool.cookies = {"a": "b"}
    asyncio.run(missive.aclose())


async def test_events_tell_the_life_of_a_call_and_a_broken_listener_breaks_nothing(caplog):
    events = []

    def listen(event):
        events.append(type(event).__name__)
        raise RuntimeError("listener")

    answers = iter([httpx.Response(503), httpx.Response(429, headers={"retry-after": "0"}), fine(None)])
    policy = RetryPolicy(first_delay=0)
    async with over(lambda _: next(answers), on_event=listen, retry=policy) as missive:
        await missive.request("GET", "/teams")
    attempt = ["Waited", "Sent"]
    assert events == [
        *attempt,
        "Answered",
        "Retrying",
        *attempt,
        "Refused",
        "Answered",
        "Retrying",
        *attempt,
        "Answered",
        "Succeeded",
    ]
    assert "the event listener failed" in caplog.text


@pytest.mark.parametrize("library", list(pools()))
async def test_cookies_set_for_one_token_do_not_travel_with_another_in_a_callers_pool(library):
    seen = []

    def act(exchange):
        seen.append((exchange.authorization, exchange.headers.get("cookie")))
        exchange.answer(200, b"{}", set_cookie="session=of-one-account")

    async with (
        RawServer(act) as server,
        library.AsyncClient() as pool,
        AsyncMissive("the-first-token", base_url=server.url, http_client=pool) as missive,
    ):
        for client in (missive, missive.for_token("the-second-token")) * 2:
            await client.request("GET", "/teams")
    assert seen == [(b"Bearer the-first-token", None), (b"Bearer the-second-token", None)] * 2


async def test_a_client_of_another_token_ends_with_the_pool_that_it_borrowed():
    async with RawServer(lambda exchange: exchange.answer()) as server:
        missive = AsyncMissive("the-first-token", base_url=server.url)
        other = missive.for_token("the-second-token")
        assert await other.request("GET", "/teams") == {}
        await missive.aclose()
        with pytest.raises(ClientClosed):
            await other.request("GET", "/teams")
        await other.aclose()
        assert len(server.requests) == 1


async def test_closing_a_client_of_another_token_leaves_the_first_open():
    async with over(fine) as missive:
        other = missive.for_token("the-second-token")
        await other.aclose()
        with pytest.raises(ClientClosed):
            await other.request("GET", "/teams")
        assert await missive.request("GET", "/teams") == {"fine": True}


async def test_a_client_of_another_token_keeps_the_options_of_the_one_it_comes_from():
    async with over(fine) as missive:
        other = missive.with_options(lane=Lane.BULK, read_only=True).for_token("the-second-token")
        with pytest.raises(InvalidRequest, match="read-only"):
            await other.request("POST", "/posts", json={})
        assert other._pipeline.options.lane is Lane.BULK


@pytest.mark.parametrize("token", ["", "two words", "caf\u00e9"])
async def test_another_token_that_is_malformed_is_refused_without_being_shown(token):
    async with over(fine) as missive:
        with pytest.raises(ConfigurationError) as caught:
            missive.for_token(token)
    assert not token or token not in str(caught.value)


async def test_a_closed_clients_views_are_closed():
    missive = over(fine)
    view = missive.with_options(lane=Lane.REPORT)
    await missive.aclose()
    with pytest.raises(ClientClosed):
        await view.request("GET", "/teams")


def test_a_view_that_is_forgotten_is_nothing_to_warn_of():
    missive = over(fine)
    missive.with_options(lane=Lane.BULK)
    missive.for_token("the-second-token")
    gc.collect()
    asyncio.run(missive.aclose())


def test_a_client_that_could_not_be_made_is_nothing_to_warn_of():
    for options in ({"token": ""}, {"token": "t", "timeout": 0}, {"token": "t", "base_url": "x"}):
        with pytest.raises(ConfigurationError):
            AsyncMissive(**options)
    gc.collect()


async def test_a_client_that_is_closed_by_several_at_once_is_closed_once():
    async with RawServer(lambda exchange: exchange.answer()) as server:
        missive = AsyncMissive("token", base_url=server.url)
        await missive.request("GET", "/teams")
        await asyncio.gather(*(missive.aclose() for _ in range(3)))


async def test_a_query_in_the_path_and_parameters_go_together():
    def handler(request):
        return httpx.Response(200, json=str(request.url.raw_path, "ascii"))

    async with over(handler) as missive:
        assert await missive.request("GET", "/contacts?of=2", params={"offset": 4}) == "/v1/contacts?of=2&offset=4"
        assert await missive.request("GET", "/contacts?", params={"offset": 4}) == "/v1/contacts?offset=4"
        assert await missive.request("GET", "/contacts?at=10://x", params={}) == "/v1/contacts?at=10://x"


@pytest.mark.parametrize(
    "path",
    [
        "/contacts/%2e%2e/organizations",
        "/%2E./x",
        "/contacts/%2Fx",
        "/contacts/%5cx",
        "/contacts/%00",
        "/contacts/%0d%0ax",
        "/contacts/\ud800",
        "?limit=1",
        None,
        7,
        b"/contacts",
    ],
)
async def test_paths_that_would_leave_the_api_once_decoded_are_refused_too(path):
    async with over(fine) as missive:
        with pytest.raises(InvalidRequest):
            await missive.request("GET", path)
        assert missive.budget().spent == 0


@pytest.mark.parametrize("method", ["", "G ET", None, 7, "CONNECT"])
async def test_methods_that_are_none_are_refused(method):
    async with over(fine) as missive:
        with pytest.raises(InvalidRequest):
            await missive.request(method, "/contacts")


@pytest.mark.parametrize("value", ["\ud800", b"bytes", object(), {"a": 1}, float("nan")])
async def test_parameters_that_cannot_be_sent_are_refused(value):
    async with over(fine) as missive:
        with pytest.raises(InvalidRequest):
            await missive.request("GET", "/contacts", params={"q": value})
        assert missive.budget().spent == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://a..b/v1",
        "https://" + "x" * 300 + "/v1",
        "https://-/v1?x",
        "http://[::1",
        "http://host:99999/v1",
        "http://host:0/v1",
        "https://exa\u3002mple..com",
        "http://\ud800.example",
    ],
)
def test_a_base_url_that_no_request_can_be_made_for_is_refused(url):
    with pytest.raises(ConfigurationError, match="base URL"):
        AsyncMissive("token", base_url=url)


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/a/b/v1", ""])
async def test_the_path_of_the_base_url_is_kept(path):
    def handler(request):
        return httpx.Response(200, json=request.url.path)

    async with over(handler, base_url=f"http://127.0.0.1:8{path}") as missive:
        assert await missive.request("GET", "/teams") == f"{path.rstrip('/')}/teams"


async def test_head_is_a_read_and_gives_none():
    async with over(lambda request: httpx.Response(200)) as missive:
        assert await missive.with_options(read_only=True).request("HEAD", "/teams") is None


async def test_an_event_listener_is_told_how_a_call_ended():
    events = []
    async with over(lambda _: httpx.Response(404), on_event=events.append) as missive:
        with pytest.raises(NotFound) as caught:
            await missive.request("GET", "/teams")
    assert [type(event).__name__ for event in events] == ["Waited", "Sent", "Answered", "Failed"]
    assert (events[-1].error, str(events[-1].request)) == (caught.value, "GET /teams")
