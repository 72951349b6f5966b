/** Placeholder */ export {}
