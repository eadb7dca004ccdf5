import { act, cleanup, fireEvent, screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import strings from "./strings";

vi.mock("../host", () => import("../testing/scripted"));
const { open } = await import("../testing/page");
const { default: Settings } = await import("../features/settings/Settings");
const { chosenLanguage, LANGUAGES, startLanguage, tagFor } = await import("./language");

const computer = (...tags: string[]) => vi.spyOn(navigator, "languages", "get").mockReturnValue(tags);

afterEach(async () => {
  cleanup();
  vi.restoreAllMocks();
  localStorage.clear();
  await act(async () => void (await strings.changeLanguage("en")));
});

describe("the language", () => {
  it("is the first of the computer's that there is, with its region", () => {
    expect(tagFor("system", ["nl-BE", "de-CH", "fr"])).toBe("de-CH");
    expect(tagFor("system", ["HI"])).toBe("HI");
    expect(tagFor("system", ["pt-PT", "pt"])).toBe("pt-PT");
  });
  it("is English where there is none of them", () => {
    expect(tagFor("system", ["nl", "ja-JP"])).toBe("en");
    expect(tagFor("system", [])).toBe("en");
    expect(tagFor("system", ["de_DE.UTF-8", "fr-"])).toBe("en");
    expect(tagFor("system", ["constructor", "toString-x"])).toBe("en");
  });
  it("that is chosen goes before the computer's, but keeps its region", () => {
    expect(tagFor("fr", ["de-CH", "fr-CH"])).toBe("fr-CH");
    expect(tagFor("th", ["de-CH"])).toBe("th");
  });
  it("is there before anything is shown, and is told to the document", async () => {
    computer("de-AT", "en");
    await startLanguage();
    expect(strings.t("pages.settings")).toBe("Einstellungen");
    expect([document.documentElement.lang, document.documentElement.dir]).toEqual(["de-AT", "ltr"]);
  });
  it("follows the computer's while none is chosen", async () => {
    computer("fr");
    await startLanguage();
    computer("it");
    window.dispatchEvent(new Event("languagechange"));
    await vi.waitFor(() => expect(strings.t("pages.settings")).toBe("Impostazioni"));
  });
  it("that was kept and is none is not taken", () => {
    localStorage.setItem("mailroom.language", "xx");
    expect(chosenLanguage()).toBe("system");
  });
  it("is chosen in the settings by its own name, kept, and left to the computer again", async () => {
    computer("en-GB");
    await startLanguage();
    open(Settings);
    const radio = (name: string) => screen.getByRole("radio", { name }) as HTMLInputElement;
    for (const name of Object.values(LANGUAGES)) radio(name);
    expect(radio("The computer's language").checked).toBe(true);
    expect(screen.queryByText(/in English for now/), "who reads English need not be told").toBeNull();
    fireEvent.click(radio("ไทย"));
    await screen.findByRole("heading", { name: "การตั้งค่า" });
    expect(radio("ไทย").checked).toBe(true);
    expect(localStorage.getItem("mailroom.language")).toBe("th");
    expect(document.documentElement.lang).toBe("th");
    fireEvent.click(radio("ภาษาของระบบ"));
    await screen.findByRole("heading", { name: "Settings" });
    expect(chosenLanguage()).toBe("system");
    expect(document.documentElement.lang).toBe("en-GB");
  });
  it("that is chosen last is spoken, though another came later", async () => {
    computer("en");
    await startLanguage();
    open(Settings);
    fireEvent.click(screen.getByRole("radio", { name: "Italiano" }));
    fireEvent.click(screen.getByRole("radio", { name: "Deutsch" }));
    await screen.findByRole("heading", { name: "Einstellungen" });
    await act(async () => void (await new Promise((resolve) => setTimeout(resolve, 20))));
    screen.getByRole("heading", { name: "Einstellungen" });
    expect(chosenLanguage()).toBe("de");
  });
});
