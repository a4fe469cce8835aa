"""The Web API methods this server knows, with scope, tier and arguments (docs.slack.dev/reference/methods)."""

from tests.counterparts.slack import chat, conversations, files, streams, threads, views
from tests.counterparts.slack.call import Method
from tests.counterparts.slack.limits import TIER_2, TIER_3, TIER_4

SPECIAL = 600
# Documented as tier 1 with bursts; a client that reconnects a few times in a test is no flood.
CONNECTIONS = 20
CUSTOM = ("username", "icon_emoji", "icon_url")
CONTENT = ("text", "markdown_text", "blocks", "attachments", "link_names", "parse")
PAGES = ("cursor", "limit", "oldest", "latest", "inclusive", "include_all_metadata")
HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
READ = ("channels:read", "groups:read", "im:read", "mpim:read")
WRITE = ("chat:write",)

METHODS: dict[str, Method] = {
    "auth.test": Method(conversations.auth_test, per_minute=SPECIAL, token="any"),
    "apps.connections.open": Method(
        conversations.open_connection,
        scopes=("connections:write",),
        per_minute=CONNECTIONS,
        token="app",
    ),
    "chat.postMessage": Method(
        chat.post_message,
        scopes=WRITE,
        required=("channel",),
        optional=(
            *CONTENT,
            *CUSTOM,
            "metadata",
            "thread_ts",
            "reply_broadcast",
            "unfurl_links",
            "unfurl_media",
            "mrkdwn",
        ),
    ),
    "chat.update": Method(
        chat.update,
        scopes=WRITE,
        per_minute=TIER_3,
        required=("channel", "ts"),
        optional=(*CONTENT, "metadata", "reply_broadcast", "file_ids"),
    ),
    "chat.delete": Method(chat.delete, scopes=WRITE, per_minute=TIER_3, required=("channel", "ts")),
    "chat.postEphemeral": Method(
        chat.post_ephemeral,
        scopes=WRITE,
        per_minute=TIER_4,
        required=("channel", "user"),
        optional=(*CONTENT, *CUSTOM, "thread_ts"),
    ),
    "chat.getPermalink": Method(
        chat.permalink, per_minute=SPECIAL, required=("channel", "message_ts"), json=False
    ),
    "chat.startStream": Method(
        streams.start,
        scopes=WRITE,
        per_minute=TIER_2,
        required=("channel", "thread_ts"),
        optional=(
            *CUSTOM,
            "markdown_text",
            "chunks",
            "recipient_team_id",
            "recipient_user_id",
            "task_display_mode",
        ),
    ),
    "chat.appendStream": Method(
        streams.append,
        scopes=WRITE,
        per_minute=TIER_4,
        required=("channel", "ts"),
        optional=("markdown_text", "chunks"),
    ),
    "chat.stopStream": Method(
        streams.stop,
        scopes=WRITE,
        per_minute=TIER_2,
        required=("channel", "ts"),
        optional=("markdown_text", "chunks", "blocks", "metadata", "session_status"),
    ),
    "assistant.threads.setStatus": Method(
        threads.set_status,
        scopes=("assistant:write", "chat:write"),
        per_minute=SPECIAL,
        required=("channel_id", "thread_ts", "status"),
        optional=("loading_messages", *CUSTOM),
    ),
    "assistant.threads.setTitle": Method(
        threads.set_title,
        scopes=("assistant:write",),
        per_minute=TIER_4,
        required=("channel_id", "thread_ts", "title"),
    ),
    "assistant.threads.setSuggestedPrompts": Method(
        threads.set_suggested_prompts,
        scopes=("assistant:write",),
        per_minute=TIER_4,
        required=("channel_id", "prompts"),
        optional=("thread_ts", "title"),
    ),
    "agents.sessions.setStatus": Method(
        threads.set_session_status,
        scopes=WRITE,
        per_minute=TIER_3,
        required=("channel_id", "thread_ts", "status"),
        optional=("title", "initiator_user_id", *CUSTOM),
    ),
    "agents.sessions.rename": Method(
        threads.rename_session,
        scopes=WRITE,
        per_minute=TIER_3,
        required=("channel_id", "thread_ts", "title"),
    ),
    "views.open": Method(
        views.open_view,
        per_minute=TIER_4,
        required=("view",),
        optional=("trigger_id", "interactivity_pointer"),
    ),
    "views.update": Method(
        views.update_view, per_minute=TIER_4, required=("view",), optional=("view_id", "hash", "external_id")
    ),
    "views.publish": Method(
        views.publish, per_minute=TIER_4, required=("user_id", "view"), optional=("hash",)
    ),
    "conversations.history": Method(
        conversations.history,
        scopes=HISTORY,
        per_minute=TIER_3,
        required=("channel",),
        optional=PAGES,
        json=False,
    ),
    "conversations.replies": Method(
        conversations.replies,
        scopes=HISTORY,
        per_minute=TIER_3,
        required=("channel", "ts"),
        optional=PAGES,
        json=False,
    ),
    "conversations.info": Method(
        conversations.info,
        scopes=READ,
        per_minute=TIER_3,
        required=("channel",),
        optional=("include_locale", "include_num_members"),
        json=False,
    ),
    "conversations.open": Method(
        conversations.open_conversation,
        scopes=("im:write", "mpim:write"),
        per_minute=TIER_3,
        optional=("channel", "users", "return_im", "prevent_creation"),
    ),
    "users.info": Method(
        conversations.users_info,
        scopes=("users:read",),
        per_minute=TIER_4,
        required=("user",),
        optional=("include_locale",),
        json=False,
    ),
    "reactions.add": Method(
        conversations.add_reaction,
        scopes=("reactions:write",),
        per_minute=TIER_3,
        required=("channel", "name", "timestamp"),
    ),
    "reactions.remove": Method(
        conversations.remove_reaction,
        scopes=("reactions:write",),
        per_minute=TIER_2,
        required=("channel", "name", "timestamp"),
    ),
    "files.getUploadURLExternal": Method(
        files.get_upload_url,
        scopes=("files:write",),
        per_minute=TIER_4,
        required=("filename", "length"),
        optional=("alt_txt", "snippet_type"),
        json=False,
    ),
    "files.completeUploadExternal": Method(
        files.complete_upload,
        scopes=("files:write",),
        per_minute=TIER_4,
        required=("files",),
        optional=("channel_id", "channels", "initial_comment", "thread_ts", "blocks"),
    ),
}
