"""Which of the processes that share the tests runs what, in `./ieum test`.

Tests with processes, ports and sound of their own are all in one, one after another: they look for what is free, and
mostly wait. The others go, each by itself, to whichever is free.
"""

from xdist.scheduler.loadscope import LoadScopeScheduling

ONE_AFTER_ANOTHER = (
    *("tests/e2e/", "tests/switch/", "tests/app/", "tests/commands/", "tests/benchmarks/"),
    *("tests/agent_app/softphone/", "tests/test_launcher", "tests/test_warden"),
)


class Sharing(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        """Tests of one scope are in one process. (Marks would say it, too, but pytest 9 takes no names with them.)"""
        return "one after another" if nodeid.startswith(ONE_AFTER_ANOTHER) else nodeid
