// @tensorflow/tfjs-node 4.22 calls two functions of node:util that print a deprecation warning since Node 22; Node 23
// removed the first of them. Load this before that package.
'use strict';
const util = require('node:util');

util.isNullOrUndefined = (value) => value === null || value === undefined;
util.isArray = Array.isArray;
