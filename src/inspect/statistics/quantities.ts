export { byQuantity, QUANTITIES, type Quantity } from '../../core/quantities.js';
