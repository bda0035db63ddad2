#!/usr/bin/env node
import '../src/cli/headgate.ts';
