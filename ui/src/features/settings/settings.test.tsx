import { act, cleanup, fireEvent, screen, within } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { AccountView } from "../../gen/AccountView";
import { answers, asked } from "../../testing/scripted";

vi.mock("../../host", () => import("../../testing/scripted"));
const { open, overview } = await import("../../testing/page");
const { default: Settings } = await import("./Settings");

afterEach(cleanup);

const account: AccountView = {
  id: 3, address: "me@x.example", server: { host: "imap.x.example", port: 993, security: "tls" },
  state: { kind: "syncing", folder: "INBOX", done: 5, total: 9 },
};

describe("the settings", () => {
  it("choose a theme", () => {
    const { props } = open(Settings);
    expect((screen.getByLabelText("As the computer has it") as HTMLInputElement).checked).toBe(true);
    fireEvent.click(screen.getByLabelText("Dark"));
    expect(props.onTheme).toHaveBeenCalledWith("dark");
  });
  it("show accounts with their state, and remove one after a question", async () => {
    answers({ "remove-account": () => ({ kind: "remove-account" }) });
    const { props } = open(Settings, { overview: overview({ accounts: [account] }) });
    expect(screen.getByText("INBOX: 5 of 9")).toBeTruthy();
    expect(screen.getByText(/imap.x.example, port 993/)).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Remove account me@x.example" }));
    const removed = () => asked.filter((request) => request.kind === "remove-account");
    expect(removed()).toEqual([]);
    const dialog = screen.getByRole("dialog");
    expect(dialog.textContent).toContain("On the server nothing changes.");
    fireEvent.click(within(dialog).getByRole("button", { name: "Remove account" }));
    await act(async () => {});
    expect(removed()).toEqual([{ kind: "remove-account", account: 3 }]);
    expect(props.onChanged).toHaveBeenCalled();
  });
  it("speak of imported mail as such", () => {
    open(Settings, { overview: overview({ accounts: [{ id: 4, address: "", server: null, state: { kind: "local" } }] }) });
    fireEvent.click(screen.getByRole("button", { name: "Remove account Imported" }));
    expect(screen.getByRole("dialog").textContent).toContain("The files it came from stay.");
  });
  it("lead to adding an account and to the keys, and tell the version", () => {
    const { props } = open(Settings, { overview: overview({ version: "1.2.3" }) });
    fireEvent.click(screen.getByRole("button", { name: "Add account" }));
    fireEvent.click(screen.getByRole("button", { name: /Show the keys/ }));
    expect(props.onAddAccount).toHaveBeenCalled();
    expect(props.onHelp).toHaveBeenCalled();
    expect(screen.getByText("Mailroom 1.2.3")).toBeTruthy();
  });
  it("tell whom the app speaks to, and leave it to the mail servers", async () => {
    const hosts = [
      { host: "imap.x.example", purpose: "mail" as const, allowed: true, sent: 1200, received: 5_000_000 },
      { host: "gpu.x.example:8000", purpose: "model" as const, allowed: true, sent: 9000, received: 100 },
    ];
    answers({
      privacy: () => ({ kind: "privacy", hosts, mailOnly: false }),
      "set-mail-only": () => ({ kind: "privacy", hosts: hosts.map((host) => ({ ...host, allowed: host.purpose === "mail" })), mailOnly: true }),
    });
    const { props } = open(Settings);
    expect(await screen.findByText("imap.x.example")).toBeTruthy();
    expect(screen.getByText(/the text of mail goes there/)).toBeTruthy();
    await act(async () => fireEvent.click(screen.getByLabelText("Speak to mail servers only")));
    expect(asked.filter((request) => request.kind === "set-mail-only")).toEqual([{ kind: "set-mail-only", on: true }]);
    expect(await screen.findByText(/not allowed/)).toBeTruthy();
    expect(props.onChanged).toHaveBeenCalled();
  });
  it("keep instructions to the model, five at most", async () => {
    let list = [1, 2, 3, 4].map((n) => ({ text: `asks ${n}`, label: "task" as const }));
    answers({
      instructions: () => ({ kind: "instructions", list }),
      "set-instructions": (request) => {
        list = request.list as typeof list;
        return { kind: "instructions", list };
      },
    });
    open(Settings);
    fireEvent.change(await screen.findByLabelText("If the message"), { target: { value: " asks for money " } });
    fireEvent.change(screen.getByLabelText("it speaks for"), { target: { value: "urgent" } });
    fireEvent.click(screen.getByRole("button", { name: "Add" }));
    await screen.findByText(/room for 5/);
    expect(list.at(-1)).toEqual({ text: "asks for money", label: "urgent" });
    expect(screen.queryByLabelText("If the message")).toBeNull();
    fireEvent.click(screen.getByRole("button", { name: "Remove the instruction asks 2" }));
    await screen.findByLabelText("If the message");
    expect(list.map((each) => each.text)).toEqual(["asks 1", "asks 3", "asks 4", "asks for money"]);
  });
});
