/** Of this software, as package.json has it (held equal by a test). */
export const version = '0.1.0'
