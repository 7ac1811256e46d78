/** True for what is said loudly. */
export function isLoud(value) {
  return value.text.endsWith('!');
}
