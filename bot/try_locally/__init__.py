"""`signalbox try`: a project's command, run once on this machine as a job would: no Discord, no cloud."""
