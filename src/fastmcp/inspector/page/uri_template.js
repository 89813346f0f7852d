// URI templates (RFC 6570), as far as servers use them: {a}, {+a}, {a*}, {/a}, {?a,b}, {&a}, {#a}.

const EXPRESSION = /\{([+#./;?&]?)([^{}]+)\}/g;
const STYLES = {
  '': ['', ',', false],
  '+': ['', ',', false],
  '#': ['#', ',', false],
  '.': ['.', '.', false],
  '/': ['/', '/', false],
  ';': [';', ';', true],
  '?': ['?', '&', true],
  '&': ['&', '&', true],
};

const specs = (list) =>
  list.split(',').map((each) => ({
    name: each.trim().replace(/(\*|:\d+)$/, ''),
    many: each.trim().endsWith('*'),
  }));

/** The names of its variables, each once. */
export const variablesOf = (template) => [
  ...new Set(
    [...template.matchAll(EXPRESSION)].flatMap(([, , list]) =>
      specs(list).map((each) => each.name),
    ),
  ),
];

/** The URI with these values; what is missing of a query is left out. */
export function expand(template, values) {
  return template.replace(EXPRESSION, (_, operator, list) => {
    const [begin, between, named] = STYLES[operator];
    const parts = specs(list)
      .filter(({ name }) => values[name])
      .map(({ name, many }) => {
        const value =
          operator === '+' || operator === '#'
            ? encodeURI(values[name])
            : many
              ? values[name].split('/').map(encodeURIComponent).join('/')
              : encodeURIComponent(values[name]);
        return named ? `${name}=${value}` : value;
      });
    return parts.length ? begin + parts.join(between) : '';
  });
}
