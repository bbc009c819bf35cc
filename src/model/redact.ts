export const redactor =
  () =>
  <T>(value: T): T =>
    value
