import { rowsFromBefore } from './rows-from-before.ts';
console.log(await rowsFromBefore({ quick: process.argv[2] === 'quick', doing: console.log }));
