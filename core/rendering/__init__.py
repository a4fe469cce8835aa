"""Every sentence that FlowMate says in a conversation, wherever it is held: in a chat, on the page, in the terminal.

A sentence is a constant, or a function with named arguments; none is put together elsewhere. What depends on a number
goes through `grammar.counted`, and an instant or a length of time through `times`, so that another language is another
set of these modules. Markdown, plain English, no emoji, no exclamation marks; a refusal says what to do.

    answers, progress, failures     the path: what stands there meanwhile, the answer, what is missing from it
    refusals, pairing, help         what is not taken, who may come in, what FlowMate can do
    planning                        where nothing runs: one question
    agents                          what an agent's run says about itself
    schedules, digests, timings     what comes again, and what is new in it; when, in words
    questions                       what is asked where a schedule's timing is incomplete or can't be
    buttons, page, terminal         what stands around the conversations
    grammar, times                  numbers, lists, days and durations

Elsewhere stand, on purpose: prompts for the model (`agent_loop.prompt`, `planning.model`), what a tool says (beside the
tool, which is one file), what a platform's error means (beside the platform, which the core doesn't know), and the
default sentences of `core.errors`.
"""
