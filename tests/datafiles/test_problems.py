from datafiles.problems import DataErrors, Problem, nearest


def test_a_problem_says_where_what_and_what_may_be_meant() -> None:
    assert str(Problem("main.yaml", 7, "there is no node mneu", "did you mean menu?")) == (
        "main.yaml:7: there is no node mneu (did you mean menu?)"
    )


def test_a_problem_of_a_whole_file_names_no_line() -> None:
    assert str(Problem("main.yaml", 0, "cannot be read")) == "main.yaml: cannot be read"


def test_all_problems_are_told_at_once() -> None:
    error = DataErrors([Problem("a.yaml", 1, "one"), Problem("a.yaml", 2, "two")])
    assert str(error) == "a.yaml:1: one\na.yaml:2: two"


def test_the_nearest_name_is_suggested_only_when_it_is_near() -> None:
    assert nearest("ordres", ["care", "orders"]) == "did you mean orders?"
    assert nearest("xyz", ["care", "orders"]) == ""
