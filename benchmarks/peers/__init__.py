"""What a user might write instead of FlowMate: one small program for each peer, all with the same command line."""
