"""Curves and the end of a log, read from a folder that somebody else is writing."""

import json

from training.admin.run_figures import LOG_LINES, MOST_POINTS, find_last, mark_figures, read_figures, read_log_tail


def write(folder, lines):
    (folder / "metrics.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def test_a_folder_without_files_has_nothing_to_tell(tmp_path):
    assert (mark_figures(tmp_path), read_figures(tmp_path), read_log_tail(tmp_path)) == ("", [], "")


def test_long_curves_are_thinned_and_keep_their_end_and_held_out_figures(tmp_path):
    lines = [{"step": step, "loss": 1.0} for step in range(1, 3001)]
    lines.insert(1500, {"step": 1500, "heldout_loss": 0.5})
    write(tmp_path, map(json.dumps, lines))
    points = read_figures(tmp_path)
    assert len(points) <= MOST_POINTS + 2
    assert points[-1]["step"] == 3000
    assert {"step": 1500, "heldout_loss": 0.5} in points


def test_a_line_that_is_being_written_and_strange_ones_are_left_out(tmp_path):
    write(tmp_path, ['{"step": 1, "loss": 0.5}', "[]", "5", '{"loss": 1}', '{"step": 2, "lo'])
    assert read_figures(tmp_path) == [{"step": 1, "loss": 0.5}]


def test_figures_without_a_number_are_none(tmp_path):
    write(tmp_path, ['{"step": 1, "loss": NaN, "margin": Infinity, "accuracy": "x"}'])
    assert read_figures(tmp_path) == [{"step": 1, "loss": None, "margin": None, "accuracy": None}]


def test_another_line_is_another_mark(tmp_path):
    write(tmp_path, ['{"step": 1}'])
    before = mark_figures(tmp_path)
    write(tmp_path, ['{"step": 1}', '{"step": 2}'])
    assert mark_figures(tmp_path) != before


def test_the_tail_of_a_log_begins_with_a_whole_line(tmp_path):
    (tmp_path / "run.log").write_text("".join(f"{'가' * 100} line {n}\n" for n in range(500)), encoding="utf-8")
    lines = read_log_tail(tmp_path).splitlines()
    assert 0 < len(lines) <= LOG_LINES
    assert lines[0].startswith("가가")
    assert lines[-1].endswith("line 499")


def test_the_last_figure_is_the_last_that_was_measured():
    assert find_last([{"step": 1, "loss": 2.0}, {"step": 2, "loss": None}, {"step": 3}], "loss") == 2.0
    assert find_last([], "loss") is None
