/**
 * Checks plain data against the part of JSON Schema that model answers use.
 *
 * Owns: the check and its one-line faults. Keywords it does not know are a fault, never ignored:
 * saying "fits" about a rule that was not checked would be a lie.
 *
 * J1: known are `type`, `enum`, `const`, `properties`, `required`, `additionalProperties`, `items`,
 *   `minItems`, `maxItems`, `minLength`, `maxLength`, `minimum`, `maximum`; annotations
 *   (`title`, `description`, `default`, `examples`, `$schema`, `$id`, `$comment`) say nothing.
 *
 * Cost: linear in the value and the schema. Source: JSON Schema 2020-12.
 */
import { isDeepStrictEqual } from "node:util";
import type { JsonSchema } from "./model-task.ts";

const ANNOTATIONS: ReadonlySet<string> = new Set([
  "title",
  "description",
  "default",
  "examples",
  "$schema",
  "$id",
  "$comment",
]);

/**
 * Says why a value does not fit a schema.
 *
 * @param at - the path to name in the fault, for example `$.matches[0]`
 * @returns one line, or `undefined` when the value fits
 */
export function schemaFault(schema: JsonSchema, value: unknown, at = "$"): string | undefined {
  for (const [keyword, rule] of Object.entries(schema)) {
    const fault = keywordFault(keyword, rule, schema, value, at);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function keywordFault(
  keyword: string,
  rule: unknown,
  schema: JsonSchema,
  value: unknown,
  at: string,
): string | undefined {
  switch (keyword) {
    case "type": {
      const types = Array.isArray(rule) ? rule : [rule];
      return types.some((type) => isOfType(value, type))
        ? undefined
        : `${at} must be ${types.join(" or ")}`;
    }
    case "enum":
      return Array.isArray(rule) && rule.some((each) => isDeepStrictEqual(each, value))
        ? undefined
        : `${at} must be one of ${JSON.stringify(rule)}`;
    case "const":
      return isDeepStrictEqual(rule, value) ? undefined : `${at} must be ${JSON.stringify(rule)}`;
    case "properties":
      return propertiesFault(rule, value, at);
    case "required":
      return requiredFault(rule, value, at);
    case "additionalProperties":
      return additionalFault(rule, schema, value, at);
    case "items":
      return itemsFault(rule, value, at);
    case "minItems":
    case "maxItems":
      return Array.isArray(value) ? boundFault(keyword, rule, value.length, at) : undefined;
    case "minLength":
    case "maxLength":
      return typeof value === "string"
        ? boundFault(keyword, rule, [...value].length, at)
        : undefined;
    case "minimum":
    case "maximum":
      return typeof value === "number" ? boundFault(keyword, rule, value, at) : undefined;
    default:
      return ANNOTATIONS.has(keyword)
        ? undefined
        : `${at}: the schema keyword "${keyword}" is not supported`;
  }
}

function isOfType(value: unknown, type: unknown): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return isRecord(value);
    case "integer":
      return Number.isInteger(value);
    case "number":
      return Number.isFinite(value);
    default:
      return typeof value === type;
  }
}

function boundFault(keyword: string, rule: unknown, size: number, at: string): string | undefined {
  const fits = keyword.startsWith("min") ? size >= Number(rule) : size <= Number(rule);
  return fits ? undefined : `${at} breaks ${keyword} ${String(rule)}`;
}

function propertiesFault(rule: unknown, value: unknown, at: string): string | undefined {
  if (!isRecord(rule) || !isRecord(value)) return undefined;
  for (const [name, schema] of Object.entries(rule)) {
    if (!Object.hasOwn(value, name)) continue;
    const fault = subschemaFault(schema, value[name], `${at}.${name}`);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function requiredFault(rule: unknown, value: unknown, at: string): string | undefined {
  if (!Array.isArray(rule) || !isRecord(value)) return undefined;
  const missing = rule.find((name) => !Object.hasOwn(value, String(name)));
  return missing === undefined ? undefined : `${at} lacks "${String(missing)}"`;
}

function additionalFault(
  rule: unknown,
  schema: JsonSchema,
  value: unknown,
  at: string,
): string | undefined {
  if (!isRecord(value)) return undefined;
  const { properties } = schema;
  const named = isRecord(properties) ? properties : {};
  for (const [name, member] of Object.entries(value)) {
    if (Object.hasOwn(named, name)) continue;
    const fault = subschemaFault(rule, member, `${at}.${name}`);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function itemsFault(rule: unknown, value: unknown, at: string): string | undefined {
  if (!Array.isArray(value)) return undefined;
  for (const [index, item] of value.entries()) {
    const fault = subschemaFault(rule, item, `${at}[${index}]`);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function subschemaFault(schema: unknown, value: unknown, at: string): string | undefined {
  if (schema === true) return undefined;
  if (schema === false) return `${at} is not allowed`;
  return isRecord(schema) ? schemaFault(schema, value, at) : `${at}: its schema is not an object`;
}
