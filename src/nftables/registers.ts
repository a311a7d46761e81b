/**
 * The data registers of the kernel's rules: 16 slots of four bytes. A register of 16 bytes (1 to 4) is four of them, one of
 * four bytes (8 to 23) is one; register 0 is the verdict.
 */

export const VERDICT_REGISTER = 0;

/** The kernel's own way to name the register at a slot. */
export const registerAt = (slot: number): number => (slot % 4 === 0 ? 1 + slot / 4 : 8 + slot);

/** undefined for the verdict and for what is no register. */
export function slotOf(register: number): number | undefined {
  if (register >= 1 && register <= 4) return 4 * (register - 1);
  return register >= 8 && register < 24 ? register - 8 : undefined;
}

/** How many slots a value of so many bytes takes. */
export const slotsOf = (size: number): number => Math.ceil(size / 4);
