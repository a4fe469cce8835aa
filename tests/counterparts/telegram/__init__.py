"""A Telegram of our own: a Bot API server that is stricter than the code under test.

Self-written from the Bot API's documentation (core.telegram.org/bots/api, "Making requests", "Getting updates",
"sendMessage", "MessageEntity", "InlineKeyboardButton", "ResponseParameters") and its FAQ on limits. The real
python-telegram-bot client speaks to it over a real socket.

    async with telegram_server() as telegram:      # telegram.url goes into TELEGRAM_API_URL
        ada = telegram.person("ada")
        chat = telegram.private(ada)
        await telegram.say(ada, chat, "what is 2+2")
        await telegram.until(lambda: ...)
        telegram.shown(chat)                        # what stands in the chat now, oldest first
        telegram.calls                              # everything that was asked, in order
        telegram.fail("sendMessage", status=429, retry_after=3)
"""

from tests.counterparts.telegram.server import TOKEN, Chat, Message, Person, TelegramServer, telegram_server

__all__ = ["TOKEN", "Chat", "Message", "Person", "TelegramServer", "telegram_server"]
