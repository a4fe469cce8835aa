"""Any server that speaks OpenAI's Chat Completions: OpenAI itself, vLLM, Ollama, llama.cpp …"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Collection
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from adapters.llm import prices
from adapters.llm.openai_errors import TIMED_OUT, UNREACHABLE, filtered, to_error
from adapters.llm.openai_events import data_of
from adapters.llm.openai_request import encoded, to_parameters, unknown_parameter
from adapters.llm.openai_turn import TurnBuilder, read
from core.errors import ConfigurationError, ModelUnavailable
from core.models import Usage
from core.ports.clock import Clock
from core.ports.language_model import FinishReason, ModelRequest, ModelTurn, OnText

if TYPE_CHECKING:
    from openai import APIError, AsyncOpenAI, RequestOptions

OPENAI_URL = "https://api.openai.com/v1"
UNSAID = (
    "X-Stainless-Lang", "X-Stainless-Package-Version", "X-Stainless-OS", "X-Stainless-Arch", "X-Stainless-Runtime",
    "X-Stainless-Runtime-Version", "X-Stainless-Async", "X-Stainless-Retry-Count", "X-Stainless-Read-Timeout",
)  # fmt: skip
"""What the package tells every server about this machine: nobody's business, and 6 KB for each call that waits."""
NO_KEY = "none"
"""What is sent to a server of one's own that wants no key; the package insists on one."""


class OpenAIModel:
    """A `LanguageModel` over HTTP. One per process and event loop; it holds connections until `aclose`."""

    def __init__(
        self,
        *,
        model: str,
        api_key: str | None,
        base_url: str | None,
        clock: Clock,
        own_prices: prices.Own | None = None,
    ) -> None:
        """Nothing is connected or loaded yet. Raises ConfigurationError for an address or key that can't work."""
        self._name = model
        self._api_key = (api_key or "").strip() or NO_KEY
        address = _address((base_url or OPENAI_URL).strip().rstrip("/"))
        # The HTTP client logs the addresses it calls: credentials go into a header instead.
        self._base_url = address._replace(netloc=address.netloc.rpartition("@")[2]).geturl()
        self.price = prices.Prices(self._base_url, clock=clock, own=own_prices)
        self._headers = _basic_authorization(address)
        self._clock = clock
        self._client: AsyncOpenAI | None = None
        self._options: RequestOptions = {}
        self._loading = asyncio.Lock()
        self._rejected: set[tuple[str, str]] = set()
        """(model, parameter) pairs that this server has turned down; learned once a process."""
        if not (self._api_key.isascii() and self._api_key.isprintable()):
            raise ConfigurationError("OPENAI_API_KEY holds a character that no key has; copy it again.")

    @property
    def name(self) -> str:
        return self._name

    async def complete(self, request: ModelRequest, *, on_text: OnText | None = None) -> ModelTurn:
        client = self._client or await self._connected()
        # Imported here: see _open.
        from aiohttp import ClientError
        from openai import APIError

        model = request.model or self._name
        try:
            # The package's own time-outs are per read: a server that drips would never end.
            async with asyncio.timeout(request.timeout_seconds):
                return await self._with_fallbacks(client, request, model=model, on_text=on_text)
        except TimeoutError as error:
            raise ModelUnavailable(TIMED_OUT, may_have_cost=True) from error
        except ClientError as error:
            raise ModelUnavailable(UNREACHABLE) from error
        except APIError as error:
            if filtered(error):
                return ModelTurn(finish=FinishReason.CONTENT_FILTER, usage=Usage(cost_usd=None), model=model)
            # Its text and cause can hold the address and headers: they go no further.
            raise to_error(error, model=model, now=self._clock.now()) from None

    async def aclose(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _with_fallbacks(
        self, client: AsyncOpenAI, request: ModelRequest, *, model: str, on_text: OnText | None
    ) -> ModelTurn:
        """The call, again without each parameter that the server names in a 400 (which costs nothing), once each."""
        # Imported here: see _open.
        from openai import BadRequestError, UnprocessableEntityError

        without = tuple(parameter for known, parameter in self._rejected if known == model)
        while True:
            parameters = to_parameters(request, model=model, without=without)
            # For as long as the model thinks only the text is held.
            sent, body = tuple(parameters), encoded(parameters)
            del parameters
            try:
                turn = await self._stream(client, body, model=model, on_text=on_text)
            except (BadRequestError, UnprocessableEntityError) as error:
                unknown = _complaint(error, sent=sent)
                if unknown is None:
                    raise
                without += (unknown,)
            else:
                # Remembered only now: a parameter that wasn't the trouble is not given up for ever.
                self._rejected |= {(model, parameter) for parameter in without}
                return turn

    async def _stream(
        self, client: AsyncOpenAI, body: bytes, *, model: str, on_text: OnText | None
    ) -> ModelTurn:
        # Imported here: see _open.
        from httpx2 import Response
        from openai import APIError

        from adapters.llm.openai_http import INCOMING

        # Not chat.completions.create, and not the package's own streams: checking and rebuilding every field of
        # request and chunks, against hundreds of types, takes half of a call's processor time, and reading events a
        # quarter of the rest (measured); the builder reads the ten that we need.
        response = await client.post(
            self._base_url + "/chat/completions",
            cast_to=Response,
            content=body,
            options=self._options,
            stream=True,
        )
        assert isinstance(response, Response)
        builder = TurnBuilder(model=model, prices=self.price)
        async with response.extensions[INCOMING] as incoming:
            async for data in data_of(incoming.content):
                chunk = read(data)
                if chunk.error:
                    raise APIError("An error came in the stream.", response.request, body=chunk.error)
                text = builder.add(chunk)
                if text and on_text is not None:
                    await on_text(text)
        return builder.turn()

    async def _connected(self) -> AsyncOpenAI:
        async with self._loading:
            if self._client is None:
                # On a thread: importing takes most of a second, which would hold up everything on the loop.
                self._client = await asyncio.to_thread(self._open)
            return self._client

    def _open(self) -> AsyncOpenAI:
        # Imported here: the package takes about 40 MB, and processes that never call a model go without it.
        from openai import AsyncOpenAI, omit

        from adapters.llm.openai_http import StraightClient

        # All that there is: what is left out is copied from the package's defaults for each call.
        self._options = {
            "headers": dict.fromkeys(UNSAID, omit),
            # Sent to nobody; without one the package makes a random one for each call.
            "idempotency_key": "none",
            "max_retries": 0,
            "params": {},
            "security": {"bearer_auth": True},
            "timeout": None,
        }
        prices.load()
        return AsyncOpenAI(
            api_key=self._api_key,
            base_url=self._base_url,
            max_retries=0,
            default_headers=self._headers,
            # Over aiohttp: at 400 calls in flight the default one takes twice the processor time (measured).
            http_client=StraightClient(self._base_url),
        )


def _complaint(error: APIError, *, sent: Collection[str]) -> str | None:
    return unknown_parameter(message=f"{error.message} {error.body}", param=error.param, sent=sent)


def _address(base_url: str) -> SplitResult:
    try:
        address = urlsplit(base_url)
        sound = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise ConfigurationError("OPENAI_BASE_URL must be an address such as http://127.0.0.1:11434/v1.")
    return address


def _basic_authorization(address: SplitResult) -> dict[str, str]:
    if address.username is None:
        return {}
    pair = f"{unquote(address.username)}:{unquote(address.password or '')}"
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
