//! Every name under which the relay keeps something.
