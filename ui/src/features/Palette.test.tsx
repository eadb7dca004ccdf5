import { cleanup, configure, fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { matching } from "../model/palette";
import "../ui/strings";
import { Palette } from "./Palette";

configure({ defaultHidden: true });
afterEach(cleanup);

// The DOM of the tests has no modal dialogs.
beforeAll(() => {
  HTMLDialogElement.prototype.showModal = function (this: HTMLDialogElement) {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function (this: HTMLDialogElement) {
    this.open = false;
    this.dispatchEvent(new Event("close"));
  };
});

describe("finding a command", () => {
  const entries = ["Go to rules", "Undo", "Label as urgent", "Go to Urgent", "Make a rule from this message", "Trésor", "Unordered: go"].map((title) => ({ title }));
  const found = (query: string) => matching(entries, query).map(({ title }) => title);

  it("without words gives all, in their order", () => expect(found(" ")).toHaveLength(entries.length));
  it("takes all words, in any order", () => {
    expect(found("urgent go")).toEqual(["Go to Urgent"]);
    expect(found("rule")).toEqual(["Go to rules", "Make a rule from this message"]);
    expect(found("xyz")).toEqual([]);
  });
  it("has those that begin with it first, then those with such a word", () => {
    expect(found("go")).toEqual(["Go to rules", "Go to Urgent", "Unordered: go"]);
    expect(found("un")).toEqual(["Undo", "Unordered: go"]);
    expect(found("do")).toEqual(["Undo"]);
  });
  it("minds neither case nor accents", () => expect(found("TRESOR")).toEqual(["Trésor"]));
});

describe("the palette", () => {
  const first = vi.fn();
  const second = vi.fn();
  const entries = [
    { id: "first", title: "First thing", keys: ["g i"], run: first },
    { id: "second", title: "Second thing", keys: ["Ctrl+k"], run: second },
  ];
  function Shown() {
    const [open, setOpen] = useState(true);
    return open ? <Palette entries={entries} onClose={() => setOpen(false)} /> : <p>closed</p>;
  }
  const field = () => screen.getByRole("combobox");
  const current = () => screen.getByRole("option", { selected: true }).textContent;

  it("is walked by arrows, round its ends, and says where it is", () => {
    render(<Shown />);
    expect(current()).toContain("First thing");
    for (const [key, title] of [["ArrowDown", "Second"], ["ArrowDown", "First"], ["ArrowUp", "Second"]] as const) {
      fireEvent.keyDown(field(), { key });
      expect(current()).toContain(title);
      expect(document.getElementById(field().getAttribute("aria-activedescendant") ?? "")?.textContent).toContain(title);
    }
  });
  it("does what was found, once it is closed", () => {
    first.mockImplementation(() => {});
    second.mockImplementation(() => expect(document.querySelector("dialog")?.open ?? false).toBe(false));
    render(<Shown />);
    fireEvent.change(field(), { target: { value: "sec" } });
    expect(screen.getAllByRole("option")).toHaveLength(1);
    expect(screen.getByRole("status").textContent).toBe("1 command");
    fireEvent.keyDown(field(), { key: "Enter" });
    expect(second).toHaveBeenCalledOnce();
    expect(first).not.toHaveBeenCalled();
    screen.getByText("closed");
  });
  it("does nothing where nothing was found, or when it is closed by its own key", () => {
    second.mockClear();
    render(<Shown />);
    fireEvent.change(field(), { target: { value: "nothing at all" } });
    screen.getByText(/No command has these words/);
    fireEvent.keyDown(field(), { key: "Enter" });
    fireEvent.keyDown(field(), { key: "ArrowDown" });
    fireEvent.keyDown(field(), { key: "k", ctrlKey: true });
    screen.getByText("closed");
    expect(second).not.toHaveBeenCalled();
  });
});
