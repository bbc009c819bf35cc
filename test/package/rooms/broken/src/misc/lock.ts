export const lock = 1 // breach
