// Whatever the user can read comes from the locales: no text is written into the components.
import ts from "typescript";
import { describe, expect, it } from "vitest";

const sources = import.meta.glob<string>(["../**/*.tsx", "!../**/*.test.tsx", "!../testing/*"], { query: "?raw", import: "default", eager: true });

/** Attributes that are shown or read out. */
const READ = new Set(["title", "aria-label", "aria-description", "aria-placeholder", "aria-roledescription", "aria-valuetext", "placeholder", "alt", "label", "lead"]);

const hasLetters = (text: string) => /\p{L}/u.test(text);

/** What is written there as text that the user can read, with its line. */
export function literals(name: string, source: string): string[] {
  const file = ts.createSourceFile(name, source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const found: string[] = [];
  const report = (node: ts.Node, text: string) => {
    if (hasLetters(text)) found.push(`${name}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${text.trim()}`);
  };
  /** The texts that an expression may come to. */
  const texts = (node: ts.Expression): void => {
    if (ts.isStringLiteralLike(node)) report(node, node.text);
    else if (ts.isTemplateExpression(node)) report(node, node.head.text + node.templateSpans.map((span) => span.literal.text).join(""));
    else if (ts.isConditionalExpression(node)) [node.whenTrue, node.whenFalse].forEach(texts);
    else if (ts.isParenthesizedExpression(node)) texts(node.expression);
    else if (ts.isBinaryExpression(node)) {
      if (node.operatorToken.kind === ts.SyntaxKind.PlusToken) texts(node.left);
      if (![ts.SyntaxKind.EqualsEqualsEqualsToken, ts.SyntaxKind.ExclamationEqualsEqualsToken].includes(node.operatorToken.kind)) texts(node.right);
    }
  };
  // Keys are called in all languages what stands on them.
  const isKey = (node: ts.Node) => ts.isJsxElement(node) && node.openingElement.tagName.getText() === "kbd";
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node) && !isKey(node.parent)) report(node, node.text.replace(/&#?\w+;/g, ""));
    else if (ts.isJsxExpression(node) && node.expression && ts.isJsxElement(node.parent) && !isKey(node.parent)) texts(node.expression);
    else if (ts.isJsxAttribute(node) && READ.has(node.name.getText()) && node.initializer) {
      if (ts.isStringLiteral(node.initializer)) report(node, node.initializer.text);
      else if (ts.isJsxExpression(node.initializer) && node.initializer.expression) texts(node.initializer.expression);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

describe("literal text", () => {
  it.each([
    ["text", "<p>Hello</p>"],
    ["text beside an expression", "<p>{n} left</p>"],
    ["a string as a child", '<p>{"Hello"}</p>'],
    ["a string of a condition", '<p>{on ? "On" : t("off")}</p>'],
    ["a template", "<p>{on && `of ${n}`}</p>"],
    ["a title", '<p title="Hello" />'],
    ["a label", '<input aria-label={"Hello"} />'],
    ["a placeholder", '<input placeholder={on ? t("x") : "Hello"} />'],
    ["text in a fragment", "<>Hello</>"],
  ])("is found: %s", (_, source) => expect(literals("x.tsx", source)).toHaveLength(1));
  it("is not what has no letters, keys, names and what is never read", () => {
    const fine = '<p className="a" data-x="b" id={`c-${n}`}>{t("a")} · {n} <kbd>f</kbd>&lt;{kind === "a" && t("b")}</p>';
    expect(literals("x.tsx", fine)).toEqual([]);
  });
  it("is nowhere in the components", () => {
    expect(Object.keys(sources).length).toBeGreaterThan(20);
    expect(Object.entries(sources).flatMap(([name, source]) => literals(name, source))).toEqual([]);
  });
});
