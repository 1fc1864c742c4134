// Package predict tells, of a customer who can leave without a word, how likely they are
// still there, how many orders are to come, and what these are worth.
//
// Three models of a population do so. [Orders] is the MBG/NBD or the BG/NBD: as long as a
// customer is there they order by chance at a rate of their own, which has a gamma
// distribution over the population; after each order they leave with a probability of their
// own, which has a beta distribution. In the BG/NBD they cannot leave before the first repeat
// purchase, so it is certain that whoever bought once is still there, however long ago that
// was; in the MBG/NBD they can leave after the first purchase, too. [Values] is the
// gamma-gamma model of what orders are worth: around a mean of the customer's own.
//
// What the models know of a customer is a [History] and, for values, a [Spending]: days with
// purchases, and their mean. Purchases are counted by day, as in the papers: several on one
// day are one. Fit with [FitOrders] and [FitValues], which take thousands of customers, and
// begin with [PriorOrders] and [PriorValues] until there are so many.
//
// What it guarantees:
//
//   - No finite input gives what is not finite. Sums are of what is positive, so nothing
//     cancels out, and products are of logarithms.
//   - The same sample gives the same parameters to the bit, in any order.
//   - A fit that finds no rates of orders is an error. One that finds them, but not how customers
//     leave, is none: a next to 0 says that nobody does, a and b that are large that all do so
//     alike.
//
// Sources: Fader, Hardie and Lee, "Counting Your Customers the Easy Way", Marketing Science
// 24, 2005 (BG/NBD); Batislam, Denizel and Filiztekin, "Empirical validation and comparison of
// models for customer base analysis", Int. J. of Research in Marketing 24, 2007 (MBG/NBD);
// Fader and Hardie, "The Gamma-Gamma Model of Monetary Value", 2013. README.md shows how they
// do on real customers.
package predict
