"""The e-mail tool: recipients and words from plain text, and what each fault of the mail server means."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr, ValidationError

from adapters.settings import Settings
from adapters.tools.send_email import Email, SendEmail
from core.errors import ToolFailed, TransientError
from core.memory.integrations import InMemoryCredentials
from tests.counterparts.smtp import MailServer, mail_server
from tests.unit.tool_bench import said, task, tools


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as served:
        yield served


def sender(server: MailServer, *, credentials: str = "", smtp_from: str = "FlowMate <bot@example.org>"):  # type: ignore[no-untyped-def]
    return tools(smtp_url=server.url(credentials), smtp_from=smtp_from)["send_email"]


@pytest.mark.parametrize(
    ("text", "to", "subject", "body"),
    [
        ("send email to ops@example.org", ("ops@example.org",), "", ""),
        ("mail ada@example.org that lunch is at 12", ("ada@example.org",), "", "lunch is at 12"),
        (
            "tell bob@example.com by e-mail: the build is green",
            ("bob@example.com",),
            "",
            "the build is green",
        ),
        (
            "Could you email carol@example.net that the demo is moved to Thursday? Thanks!",
            ("carol@example.net",),
            "",
            "the demo is moved to Thursday",
        ),
        (
            "Send an e-mail to team@example.org saying the office is closed on Friday",
            ("team@example.org",),
            "",
            "the office is closed on Friday",
        ),
        (
            "send a mail to hr@example.com, subject: vacation, text: I am off from Monday.",
            ("hr@example.com",),
            "vacation",
            "I am off from Monday.",
        ),
        (
            "write to dave@example.org by email that the keys are at the reception",
            ("dave@example.org",),
            "",
            "the keys are at the reception",
        ),
        (
            "drop ops@example.com an email: disk on web-3 is full",
            ("ops@example.com",),
            "",
            "disk on web-3 is full",
        ),
        (
            "mail ada@example.org and bob@example.org that the release is out",
            ("ada@example.org", "bob@example.org"),
            "",
            "the release is out",
        ),
        (
            "Send a mail to <mailto:erin@example.org|erin@example.org> that her laptop has arrived",
            ("erin@example.org",),
            "",
            "her laptop has arrived",
        ),
        (
            "email bob@example.org about the outage: it is over",
            ("bob@example.org",),
            "the outage",
            "it is over",
        ),
        (
            'send an email to bob@example.org with the subject "Hello" and the text "See you"',
            ("bob@example.org",),
            "Hello",
            "See you",
        ),
        (
            "send an email to bob@example.com with subject Lunch and text see you at noon",
            ("bob@example.com",),
            "Lunch",
            "see you at noon",
        ),
        (
            "send an email with subject Lunch and text see you at noon to bob@example.com",
            ("bob@example.com",),
            "Lunch",
            "see you at noon",
        ),
        (
            "send an email to bob@example.com with subject New text for the page",
            ("bob@example.com",),
            "New text for the page",
            "",
        ),
        ('send "See you at 9" to bob@example.org', ("bob@example.org",), "", "See you at 9"),
        (
            "let erin@example.org know that her laptop has arrived",
            ("erin@example.org",),
            "",
            "her laptop has arrived",
        ),
        (
            "notify support@example.net that ada@example.org has left",
            ("support@example.net",),
            "",
            "ada@example.org has left",
        ),
        ("emial ada@example.org that im late", ("ada@example.org",), "", "im late"),
        ("email the summary to boss@example.com", ("boss@example.com",), "", ""),
        (
            "send it to ada@example.org, bob@example.org and carol@example.org",
            ("ada@example.org", "bob@example.org", "carol@example.org"),
            "",
            "",
        ),
    ],
)
def test_recipients_subject_and_text_come_from_plain_words(
    text: str, to: tuple[str, ...], subject: str, body: str
) -> None:
    email = tools()["send_email"].parse(task(text))
    assert email is not None
    assert (email.to, email.subject, email.body) == (to, subject, body)


@pytest.mark.parametrize(
    "text",
    [
        "remember that ada@example.org is on holiday",
        "translate 'please email bob@example.org' to French",
        "draft an email to bob@example.org about the outage",
        "email the team @",
        "find my notes about bob@example.org",
        "what is the address bob@example.org for",
        "summarise https://example.org/post and email it to bob@example.org",
        "mail " + ", ".join(f"p{number}@example.org" for number in range(11)),
    ],
)
def test_other_requests_are_left_alone(text: str) -> None:
    assert tools()["send_email"].parse(task(text)) is None


def test_what_earlier_steps_gave_is_the_text() -> None:
    tool = tools()["send_email"]
    after_backup = tool.parse(
        task("send email to ops@example.org", after="**Backup created**\n- File: `a.tar.gz`")
    )
    assert after_backup is not None
    assert after_backup.body == "**Backup created**\n- File: `a.tar.gz`"
    both = tool.parse(task("email both results to ops@example.org", after=("one", "two")))
    assert both is not None
    assert both.body == "one\n\ntwo"


def test_the_last_answer_is_the_text_only_where_it_is_referred_to() -> None:
    tool = tools()["send_email"]
    referred = tool.parse(task("email that to ops@example.org", before=("what is 2+2", "2+2 = **4**")))
    plain = tool.parse(task("send email to ops@example.org", before=("what is 2+2", "2+2 = **4**")))
    assert referred is not None
    assert plain is not None
    assert (referred.body, plain.body) == ("2+2 = **4**", "")


def test_what_the_last_answer_says_about_its_agents_is_not_mailed() -> None:
    answer = "- **calculator**: 2+2 = 4\n\n_No model was used for calculator._"
    found = tools()["send_email"].parse(task("email that to ops@example.org", before=("2+2", answer)))
    assert found is not None
    assert found.body == "2+2 = 4"


def test_the_recipients_are_what_the_person_must_have_named() -> None:
    tool = tools()["send_email"]
    assert tool.named_by(Email(to=("a@example.org", "b@example.org"))) == ("a@example.org", "b@example.org")


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": []},
        {"to": ["a@example.org"] * 11},
        {"to": ["a@example.org\nBcc: b@example.org"]},
        {"to": ["a@example.org, b@example.org"]},
        {"to": ["a@example.org"], "subject": "x\r\nBcc: b@example.org"},
        {"to": ["a@example.org"], "cc": ["b@example.org"]},
    ],
)
def test_wrong_arguments_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Email.model_validate(wrong)


async def test_an_e_mail_arrives_whole(server: MailServer) -> None:
    text = await said(
        sender(server), task("mail ada@example.org and bob@example.org that größer ist besser\n.\n.end")
    )
    assert text == 'E-mail sent to ada@example.org, bob@example.org: "größer ist besser"'
    mail = server.mails[0]
    assert mail.get_content().replace("\r\n", "\n") == "größer ist besser\n.\n.end\n"
    assert (mail["From"], mail["To"], mail["Subject"]) == (
        "FlowMate <bot@example.org>",
        "ada@example.org, bob@example.org",
        "größer ist besser",
    )
    assert server.envelopes == [("bot@example.org", ("ada@example.org", "bob@example.org"))]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == task("x").now


async def test_a_repeat_is_recognisable_by_its_message_id(server: MailServer) -> None:
    for key in ("step-1:0", "step-1:0", "step-2:0"):
        await said(sender(server), task("mail ada@example.org that lunch is at 12"), key=key)
    first, again, other = (mail["Message-ID"] for mail in server.mails)
    assert first == again != other


async def test_after_a_backup_the_mail_says_where_it_is(server: MailServer) -> None:
    await said(
        sender(server),
        task("send email to ops@example.org", after="**Backup created**\n- File: `a.tar.gz`, 48 kB"),
    )
    assert server.mails[0]["Subject"] == "Backup created"
    assert "a.tar.gz" in server.mails[0].get_content()


async def test_a_subject_can_add_no_header(server: MailServer) -> None:
    tool = sender(server)
    email = Email.model_construct(
        to=("ada@example.org",), subject="Hi\r\nBcc: eve@example.org\x00\u2028x", body="text"
    )
    await tool.run(email, task=task("x"), idempotency_key="k")
    assert server.mails[0]["Bcc"] is None
    assert server.mails[0]["Subject"] == "Hi Bcc: eve@example.org x"
    assert server.envelopes[0][1] == ("ada@example.org",)


async def test_a_senders_name_is_one_name(server: MailServer) -> None:
    await said(sender(server, smtp_from='"Ops, Team" <bot@example.org>'), task(WORDS))
    assert server.mails[0]["From"].addresses[0].display_name == "Ops, Team"
    assert server.envelopes[0][0] == "bot@example.org"


async def test_without_settings_the_sentence_says_what_to_set() -> None:
    with pytest.raises(ToolFailed, match="E-mail isn't set up: set SMTP_URL and SMTP_FROM"):
        await said(tools()["send_email"], task("mail ada@example.org that lunch is at 12"))


async def test_an_e_mail_without_text_is_asked_about(server: MailServer) -> None:
    with pytest.raises(ToolFailed, match="What should the e-mail say"):
        await said(sender(server), task("send email to ops@example.org"))
    with pytest.raises(ToolFailed, match="the step before it failed"):
        await said(sender(server), task("send email to ops@example.org", after="", failed=True))
    assert server.mails == []


WORDS = "mail ada@example.org and bob@example.org that lunch is at 12"


@pytest.mark.parametrize(
    ("replies", "error", "sentence"),
    [
        ({"bob@example.org": "550 no such user"}, ToolFailed, "refuses bob@example.org, so nothing was sent"),
        ({"bob@example.org": "451 greylisted"}, TransientError, "bob@example.org.*451"),
        ({"MAIL": "550 who are you"}, ToolFailed, "sender in SMTP_FROM"),
        ({"MAIL": "452 full"}, TransientError, "452"),
        ({"text": "554 spam"}, ToolFailed, "refuses the e-mail .554"),
        ({"text": "452 full"}, TransientError, "452"),
    ],
)
async def test_refusals_are_told_apart(
    server: MailServer, replies: dict[str, str], error: type[Exception], sentence: str
) -> None:
    server.replies.update(replies)
    with pytest.raises(error, match=sentence):
        await said(sender(server), task(WORDS))
    assert server.mails == []


async def test_a_connection_lost_before_the_text_is_worth_another_try(server: MailServer) -> None:
    server.drop_at = "MAIL"
    with pytest.raises(TransientError):
        await said(sender(server), task(WORDS))
    assert server.mails == []


async def test_a_connection_lost_after_the_text_is_never_tried_again(server: MailServer) -> None:
    server.drop_after_text = True
    with pytest.raises(ToolFailed, match="may or may not have been sent"):
        await said(sender(server), task(WORDS))
    assert len(server.mails) == 1


async def test_a_server_that_is_away_is_worth_another_try() -> None:
    async with mail_server() as gone:
        pass
    with pytest.raises(TransientError, match="did not answer"):
        await said(sender(gone), task(WORDS))


async def test_the_user_name_and_password_of_the_url_are_used() -> None:
    async with mail_server(with_login=True) as server:
        await said(sender(server, credentials="bot%40example.org:invented-password@"), task(WORDS))
        assert server.logins == [("bot@example.org", "invented-password")]
        with pytest.raises(ToolFailed, match="user name and password in SMTP_URL") as caught:
            await said(sender(server, credentials="bot:wrong-invented@"), task(WORDS))
        assert "wrong-invented" not in caught.value.sentence


@pytest.mark.parametrize("url", ["http://127.0.0.1", "smtp://", "127.0.0.1:25", "smtp://host:port"])
async def test_a_wrong_url_is_told_plainly(url: str) -> None:
    tool = tools(smtp_url=url, smtp_from="bot@example.org")["send_email"]
    with pytest.raises(ToolFailed, match="SMTP_URL is wrong"):
        await said(tool, task(WORDS))


async def test_the_workspaces_own_mail_server_goes_before_the_deployments() -> None:
    async with mail_server(with_login=True) as own, mail_server() as deployments:
        values = {
            "host": "127.0.0.1",
            "port": str(own.port),
            "user": "ada",
            "password": "invented-password",
            "sender": "team@example.org",
        }
        settings = Settings(
            _env_file=None, smtp_url=SecretStr(deployments.url()), smtp_from="flowmate@example.org"
        )
        tool = SendEmail(settings, InMemoryCredentials({("team", "i1"): values}))
        mail = Email(to=("ada@example.org",), subject="Lunch", body="at 12")
        work = task("mail ada@example.org that lunch is at 12")
        for integration in ("i1", "deployment"):
            given = work.model_copy(update={"integration": integration})
            await tool.run(mail, task=given, idempotency_key="k")
        assert [sent["From"] for sent in own.mails] == ["team@example.org"]
        assert [sent["From"] for sent in deployments.mails] == ["flowmate@example.org"]
        gone = work.model_copy(update={"integration": "i2"})
        with pytest.raises(ToolFailed, match="just been revoked"):
            await tool.run(mail, task=gone, idempotency_key="k")
