"""`make demo`: an incident from a status feed to a mail and a digest, told in the terminal while it really happens.

It lives beside the tests because it is made of the same parts: the counterparts that stand in for the model, the mail
server, the feed and Slack. All of them are on loopback; everything else is FlowMate as anybody runs it.
"""
