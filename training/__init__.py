"""How every weight that Tinct ships was made. Needs the extra ``train``; the product never imports it."""
