/**
 * The columns of a data set: what a row holds, checked when it is read.
 *
 * Owns: turning a line of JSON or CSV into a typed row. Which columns a set has is `catalogue.ts`.
 *
 * C1: a row has exactly its columns, each of its kind; anything else is a sentence that says which is
 *     not. So what comes after may trust the types.
 * C2: columns with a value per model have as many as there are models.
 */
import { err, ok, type Result } from "../../runtime/result.ts";

/** The kind of a column whose values are of type `T`. */
export type ColumnKind<T> = [T] extends [0 | 1]
  ? "flag"
  : [T] extends [number]
    ? "number"
    : [T] extends [string]
      ? /** `marks`: a character 0, 1 or ? per model. */ "text" | "marks"
      : [T] extends [readonly number[]]
        ? /** A number per model. */ "numbers"
        : /** A number or null, for unknown, per model. */ "scores";

/** The columns of rows of type `Row`, in the order of the file. */
export type Columns<Row> = { readonly [K in keyof Row]-?: ColumnKind<Row[K]> };

type Kind = "flag" | "number" | "text" | "marks" | "numbers" | "scores";

/** A row from a line of JSON; an error says in one line what is wrong with it. */
export function rowFromJson<Row>(
  columns: Columns<Row>,
  line: string,
  models: readonly string[],
): Result<Row, string> {
  const value = jsonOf(line);
  if (typeof value !== "object" || value === null) return err("is no JSON object");
  return checked(columns, value as Readonly<Record<string, unknown>>, models);
}

/** A row from a line of CSV without quotes, the columns in their order. */
export function rowFromCsv<Row>(columns: Columns<Row>, line: string): Result<Row, string> {
  const kinds = Object.entries<Kind>(columns);
  const cells = line.split(",");
  if (cells.length !== kinds.length)
    return err(`has ${cells.length} cells, not ${kinds.length}: ${shortened(line)}`);
  const row: Record<string, unknown> = {};
  for (const [index, [name, kind]] of kinds.entries()) {
    const cell = cells[index] ?? "";
    row[name] = kind === "text" || cell.trim() === "" ? cell : Number(cell);
  }
  return checked(columns, row, []);
}

/** The names of the models in the first line of a file on several. */
export function modelsFromJson(line: string): Result<readonly string[], string> {
  const value = jsonOf(line);
  if (typeof value === "object" && value !== null && "models" in value) {
    const { models } = value;
    if (Array.isArray(models) && models.length > 0 && models.every(isText)) return ok(models);
  }
  return err("does not name its models");
}

function checked<Row>(
  columns: Columns<Row>,
  value: Readonly<Record<string, unknown>>,
  models: readonly string[],
): Result<Row, string> {
  const kinds = Object.entries<Kind>(columns);
  const names = Object.keys(value);
  const unknown = names.find((name) => !Object.hasOwn(columns, name));
  if (unknown !== undefined) return err(`has a column ${shortened(unknown)} that is not known`);
  for (const [name, kind] of kinds) {
    if (!isOfKind(kind, value[name], models.length))
      return err(`has a ${name} that is no ${kind}: ${shortened(JSON.stringify(value[name]))}`);
  }
  return ok(value as Row);
}

function isOfKind(kind: Kind, value: unknown, models: number): boolean {
  switch (kind) {
    case "flag":
      return value === 0 || value === 1;
    case "number":
      return isNumber(value);
    case "text":
      return isText(value);
    case "marks":
      return isText(value) && value.length === models && /^[01?]+$/.test(value);
    case "numbers":
      return Array.isArray(value) && value.length === models && value.every(isNumber);
    case "scores":
      return (
        Array.isArray(value) &&
        value.length === models &&
        value.every((one) => one === null || isNumber(one))
      );
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function shortened(text: string | undefined): string {
  const shown = text ?? "nothing";
  return shown.length <= 60 ? shown : `${shown.slice(0, 57)}...`;
}
