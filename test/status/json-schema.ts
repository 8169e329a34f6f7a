/** The keywords of JSON Schema 2020-12 that our schema uses; any other is an error, so none is overlooked. */
const keywords = new Set([
  '$schema',
  '$defs',
  '$ref',
  'title',
  'description',
  'type',
  'const',
  'enum',
  'required',
  'properties',
  'items',
  'anyOf',
  'pattern',
  'format',
  'minimum',
]);

interface Schema {
  readonly [keyword: string]: unknown;
  readonly $ref?: unknown;
  readonly type?: unknown;
  readonly const?: unknown;
  readonly enum?: unknown;
  readonly required?: unknown;
  readonly properties?: unknown;
  readonly items?: unknown;
  readonly anyOf?: unknown;
  readonly pattern?: unknown;
  readonly format?: unknown;
  readonly minimum?: unknown;
}

/**
 * What is wrong with `value` by `root`, as lines with a path; none if it is valid. With `strict`, a key that
 * the schema does not name is wrong, too.
 */
export function schemaErrors(root: Schema, value: unknown, strict: boolean): string[] {
  const check = (schema: Schema, at: unknown, path: string): string[] => {
    for (const key of Object.keys(schema)) if (!keywords.has(key)) throw new Error(`keyword ${key}`);
    const errors: string[] = [];
    const fail = (what: string) => errors.push(`${path}: ${what}`);
    if (typeof schema.$ref === 'string') errors.push(...check(resolve(root, schema.$ref), at, path));
    if (schema.type !== undefined && !asList(schema.type).some((type) => hasType(at, type))) fail('type');
    if ('const' in schema && at !== schema.const) fail('const');
    if (schema.enum !== undefined && !asList(schema.enum).includes(at)) fail('enum');
    if (
      typeof schema.pattern === 'string' &&
      typeof at === 'string' &&
      !new RegExp(schema.pattern, 'u').test(at)
    )
      fail('pattern');
    if (schema.format === 'date-time' && typeof at === 'string' && Number.isNaN(Date.parse(at)))
      fail('format');
    if (typeof schema.minimum === 'number' && typeof at === 'number' && at < schema.minimum) fail('minimum');
    if (
      schema.anyOf !== undefined &&
      asList(schema.anyOf).every((one) => check(asObject(one), at, path).length > 0)
    )
      fail('anyOf');
    if (isObject(at)) {
      const properties = asObject(schema.properties ?? {});
      for (const key of asList(schema.required ?? [])) if (!Object.hasOwn(at, String(key))) fail(`no ${key}`);
      for (const [key, inner] of Object.entries(at)) {
        if (Object.hasOwn(properties, key))
          errors.push(...check(asObject(properties[key]), inner, `${path}/${key}`));
        else if (strict && schema.properties !== undefined) fail(`unknown ${key}`);
      }
    }
    if (Array.isArray(at) && schema.items !== undefined) {
      errors.push(...at.flatMap((item, index) => check(asObject(schema.items), item, `${path}/${index}`)));
    }
    return errors;
  };
  return check(root, value, '');
}

function resolve(root: Schema, reference: string): Schema {
  return reference
    .slice(2)
    .split('/')
    .reduce((schema, key) => asObject(schema[key]), root);
}

function hasType(value: unknown, type: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return typeof value === 'number';
    case 'string':
      return typeof value === 'string';
    default:
      throw new Error(`type ${type}`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asObject(value: unknown): Schema {
  if (!isObject(value)) throw new Error('not a schema');
  return value;
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}
