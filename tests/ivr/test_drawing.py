from ivr.drawing import to_mermaid
from ivr.loader import load_flows


def test_a_drawing_shows_every_node_and_every_way() -> None:
    flow = load_flows().by_id("main")
    assert flow is not None
    drawn = to_mermaid(flow)
    assert drawn.startswith("flowchart TD\n  start_((start)) --> n_answer\n")
    assert '  n_opening_hours -->|"open"| n_language\n' in drawn
    assert '  n_menu -->|"1"| n_orders_load\n' in drawn
    assert '  n_orders[["orders<br/>queue orders"]]\n' in drawn
    for node in flow.nodes:
        assert f"  n_{node}" in drawn
