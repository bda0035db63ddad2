export function isConsoleBuilt(folder: string): boolean;
export function noteConsoleBuilt(folder: string): void;
