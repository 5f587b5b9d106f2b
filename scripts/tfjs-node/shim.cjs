// Node 23 removed two functions of node:util that @tensorflow/tfjs-node 4.22 calls. Load this before that package.
'use strict';
const util = require('node:util');

util.isNullOrUndefined ??= (value) => value === null || value === undefined;
util.isArray ??= Array.isArray;
