from ivr.graph import automatic_loop, edges, reachable
from ivr.model import HangUpNode, IdentifyNode, MenuNode, Node, PlayNode, QueueNode

END = HangUpNode(reason="done")


def test_an_edge_knows_its_field_and_whether_the_caller_must_act() -> None:
    menu = MenuNode(prompts=("x",), keys={"1": "a"}, otherwise="b")
    assert [tuple(edge) for edge in edges(menu)] == [("a", ("keys", "1"), True), ("b", ("otherwise",), False)]


def test_finding_a_customer_by_caller_number_needs_no_action() -> None:
    by_number = IdentifyNode(by="caller_number", found="a", unknown="b")
    by_keys = IdentifyNode(by="customer_number", found="a", unknown="b")
    assert [edge.by_caller for edge in edges(by_number)] == [False, False]
    assert [edge.by_caller for edge in edges(by_keys)] == [True, False]


def test_nodes_beyond_a_left_out_edge_are_not_reached() -> None:
    nodes: dict[str, Node] = {"a": PlayNode(prompts=("x",), next="b"), "b": END}
    assert reachable(nodes, "a") == {"a", "b"}
    assert reachable(nodes, "a", [("a", "b")]) == {"a"}


def test_a_loop_is_found_from_any_start() -> None:
    nodes: dict[str, Node] = {
        "queue": QueueNode(queue="q"),
        "a": PlayNode(prompts=("x",), next="b"),
        "b": PlayNode(prompts=("x",), next="a"),
    }
    assert automatic_loop(nodes) == ["a", "b", "a"]
    assert automatic_loop({"queue": QueueNode(queue="q", keys={"1": "queue"})}) == []


def test_two_ways_to_one_node_are_no_loop() -> None:
    nodes: dict[str, Node] = {
        "a": IdentifyNode(by="caller_number", found="b", unknown="c"),
        "b": PlayNode(prompts=("x",), next="c"),
        "c": END,
    }
    assert automatic_loop(nodes) == []
