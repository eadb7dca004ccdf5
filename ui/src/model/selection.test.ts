import { describe, expect, it } from "vitest";
import { row } from "../testing/page";
import { extended, MOST, NOTHING, present, settled, staying, toggled, whole } from "./selection";

const rows = [1, 2, 3, 4, 5].map((id) => row({ id }));
const many = Array.from({ length: MOST + 200 }, (_, at) => row({ id: at + 1 }));
const ids = (selection: { ids: ReadonlySet<number> }) => [...selection.ids].sort((a, b) => a - b);

describe("a selection", () => {
  it("takes a message in and out", () => {
    const one = toggled(NOTHING, 2);
    expect(ids(one)).toEqual([2]);
    expect(ids(toggled(one, 4))).toEqual([2, 4]);
    expect(ids(toggled(one, 2))).toEqual([]);
    expect(ids(NOTHING)).toEqual([]);
  });
  it("reaches from where the user was, down and up again", () => {
    const down = extended(extended(NOTHING, rows, 2, 3), rows, 3, 4);
    expect(ids(down)).toEqual([2, 3, 4]);
    expect(ids(extended(down, rows, 4, 3))).toEqual([2, 3]);
    expect(ids(extended(down, rows, 4, 1))).toEqual([1, 2]);
  });
  it("adds a range to what was selected before", () => {
    const one = toggled(NOTHING, 1);
    expect(ids(extended(settled(one), rows, 4, 5))).toEqual([1, 4, 5]);
    expect(ids(extended(one, rows, 4, 2))).toEqual([1, 2]);
  });
  it("begins a range anew where its beginning has left", () => {
    expect(ids(extended({ ...NOTHING, anchor: 99 }, rows, 1, 3))).toEqual([3]);
    expect(extended(NOTHING, rows, 1, 99)).toBe(NOTHING);
  });
  it("is of all that is loaded, and no more than can be labelled at once", () => {
    expect(ids(whole(rows))).toEqual([1, 2, 3, 4, 5]);
    expect(whole(many).ids.size).toBe(MOST);
    expect(toggled(whole(many), MOST + 1).ids.size).toBe(MOST);
    const up = extended(NOTHING, many, MOST + 200, 1);
    expect(up.ids.size).toBe(MOST);
    expect([up.ids.has(MOST + 200), up.ids.has(1)]).toEqual([true, false]);
  });
  it("loses what has left the list", () => {
    expect(present(toggled(toggled(toggled(NOTHING, 5), 9), 2), rows)).toEqual([2, 5]);
  });
  it("leaves the user where they were, else below, else above", () => {
    expect(staying(rows, new Set([1]), 3)).toBe(3);
    expect(staying(rows, new Set([3, 4]), 3)).toBe(5);
    expect(staying(rows, new Set([3, 4, 5]), 3)).toBe(2);
    expect(staying(rows, new Set([1, 2, 3, 4, 5]), 3)).toBeNull();
    expect(staying(rows, new Set([1]), null)).toBe(2);
  });
});
