import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PageProps } from "./page";
import "../ui/strings";

vi.mock("../host", () => import("../testing/scripted"));
let broken = true;
vi.mock("./settings/Settings", () => ({
  default: () => {
    if (broken) throw new Error("a fault");
    return <p>It is shown.</p>;
  },
}));
const { PageFrame } = await import("./PageFrame");

beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => {}));
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

describe("a page with a fault", () => {
  it("says so in a sentence, and is tried again", async () => {
    render(<PageFrame name="settings" {...({} as PageProps)} />);
    expect((await screen.findByRole("alert")).textContent).toContain("Your mail is not affected.");
    expect(document.activeElement?.textContent).toBe("Settings");
    broken = false;
    fireEvent.click(screen.getByRole("button", { name: "Try again" }));
    await screen.findByText("It is shown.");
  });
});
