/**
 * Forty products of an instant-retail store, one a line, in an order in which any first six are a small shop:
 * id | name | category | class | price (fen) | grams | popularity | habit | change per degree above 20 C | change in full rain |
 * weekend over weekday | thermal: slab thickness mm, kg, m2 and, where not water-like, W/mK, kg/m3, J/kgK.
 */
export const productTable = `
fresh-milk-950ml | Fresh milk 950 ml | dairy | chilled | 1590 | 990 | 1.9 | morning | 0 | 0 | 1.05 | s 70 1.03 0.0658
mineral-water-550ml | Mineral water 550 ml | drinks | ambient | 200 | 570 | 2.2 | allDay | 0.03 | -0.2 | 1 |
vanilla-ice-cream-70g | Vanilla ice cream 70 g | ice cream | frozen | 450 | 80 | 1.3 | evening | 0.06 | -0.3 | 1.3 | f 30 0.075 0.012
free-range-eggs-10 | Free-range eggs, 10 | eggs | ambient | 1690 | 620 | 1.4 | dinner | 0 | 0 | 1.25 |
chicken-breast-400g | Chicken breast 400 g | meat | chilled | 1880 | 410 | 1.2 | dinner | 0 | 0.05 | 1.2 | s 35 0.41 0.048
pork-dumplings-500g | Pork dumplings, frozen 500 g | frozen food | frozen | 2390 | 510 | 1.0 | dinner | -0.02 | 0.2 | 1.2 | f 45 0.51 0.055
plain-yogurt-200g | Plain yogurt 200 g | dairy | chilled | 590 | 215 | 1.7 | morning | 0.01 | 0 | 1 | s 60 0.21 0.022
cola-330ml | Cola 330 ml | drinks | ambient | 300 | 350 | 1.8 | lunch | 0.03 | -0.1 | 1.2 |
rice-balls-2 | Salmon rice balls, 2 | ready food | chilled | 1280 | 220 | 1.6 | lunch | 0 | 0.1 | 0.6 | s 40 0.22 0.026
chicken-caesar-wrap | Chicken Caesar wrap | ready food | chilled | 1680 | 230 | 1.3 | lunch | 0 | 0.1 | 0.5 | s 50 0.23 0.026
bananas-500g | Bananas 500 g | fruit | ambient | 590 | 520 | 1.6 | morning | 0 | 0 | 1.1 |
spinach-300g | Spinach 300 g | vegetables | chilled | 690 | 310 | 1.3 | dinner | -0.01 | 0 | 1.1 | s 50 0.31 0.05 0.4 600 3900
tomatoes-500g | Tomatoes 500 g | vegetables | ambient | 790 | 520 | 1.4 | dinner | 0.01 | 0 | 1.15 |
instant-noodles-5 | Instant noodles, 5 | noodles | ambient | 1390 | 520 | 1.1 | evening | -0.01 | 0.5 | 0.95 |
wholemeal-bread-400g | Wholemeal bread 400 g | bakery | ambient | 1190 | 410 | 1.5 | morning | 0 | 0 | 0.95 |
croissants-2 | Croissants, 2 | bakery | ambient | 1080 | 130 | 1.2 | morning | 0 | -0.1 | 0.8 |
latte-250ml | Cold latte 250 ml | drinks | chilled | 890 | 265 | 1.6 | morning | 0.02 | -0.05 | 0.65 | s 55 0.26 0.024
orange-juice-300ml | Orange juice 300 ml | drinks | chilled | 990 | 320 | 1.2 | morning | 0.03 | -0.1 | 1 | s 55 0.31 0.027
soft-tofu-400g | Soft tofu 400 g | soy | chilled | 490 | 420 | 1.1 | dinner | 0 | 0.05 | 1.05 | s 45 0.42 0.036
pork-mince-300g | Pork mince 300 g | meat | chilled | 1590 | 310 | 1.1 | dinner | -0.01 | 0 | 1.3 | s 30 0.31 0.04
beef-slices-250g | Beef slices for hot pot 250 g | meat | frozen | 3290 | 260 | 0.9 | dinner | -0.03 | 0.4 | 1.6 | f 30 0.26 0.04
prawns-300g | Prawns, frozen 300 g | seafood | frozen | 3990 | 310 | 0.7 | dinner | 0 | 0 | 1.6 | f 35 0.31 0.04
chips-oven-750g | Oven chips 750 g | frozen food | frozen | 1890 | 760 | 0.6 | dinner | 0 | 0.1 | 1.3 | f 60 0.76 0.09
spring-rolls-400g | Spring rolls, frozen 400 g | frozen food | frozen | 1790 | 410 | 0.7 | dinner | 0 | 0.1 | 1.3 | f 45 0.41 0.05
mango-sorbet-400ml | Mango sorbet 400 ml | ice cream | frozen | 2690 | 330 | 0.6 | evening | 0.05 | -0.3 | 1.4 | f 80 0.32 0.037
pizza-margherita-350g | Pizza Margherita, frozen 350 g | frozen food | frozen | 2290 | 380 | 0.8 | evening | 0 | 0.3 | 1.5 | f 25 0.36 0.11
crisps-sea-salt-70g | Crisps, sea salt 70 g | snacks | ambient | 690 | 75 | 1.5 | evening | 0 | 0.1 | 1.4 |
dark-chocolate-100g | Dark chocolate 100 g | snacks | ambient | 1490 | 105 | 0.9 | evening | -0.02 | 0.1 | 1.2 |
peanuts-200g | Roasted peanuts 200 g | snacks | ambient | 890 | 205 | 0.8 | evening | 0 | 0 | 1.3 |
beer-lager-500ml | Lager 500 ml | alcohol | ambient | 690 | 520 | 1.5 | evening | 0.04 | -0.1 | 1.6 |
green-tea-500ml | Green tea, unsweetened 500 ml | drinks | ambient | 450 | 520 | 1.5 | lunch | 0.03 | -0.1 | 0.8 |
soy-sauce-500ml | Soy sauce 500 ml | groceries | ambient | 1290 | 800 | 0.5 | dinner | 0 | 0 | 1.2 |
rice-5kg | Rice 5 kg | groceries | ambient | 3990 | 5050 | 0.4 | dinner | 0 | 0 | 1.3 |
sunflower-oil-1l | Sunflower oil 1 l | groceries | ambient | 2290 | 950 | 0.4 | dinner | 0 | 0 | 1.2 |
apples-1kg | Apples 1 kg | fruit | ambient | 1290 | 1020 | 1.1 | allDay | 0 | 0 | 1.2 |
strawberries-250g | Strawberries 250 g | fruit | chilled | 2290 | 260 | 0.9 | evening | 0.01 | -0.1 | 1.4 | s 50 0.26 0.034 0.45 700 3900
cut-melon-350g | Cut melon 350 g | fruit | chilled | 1590 | 360 | 1.0 | lunch | 0.04 | -0.2 | 1 | s 55 0.36 0.036
tissues-6 | Tissues, 6 packs | household | ambient | 1490 | 480 | 0.7 | allDay | 0 | 0.1 | 1.1 |
umbrella-folding | Folding umbrella | household | ambient | 3900 | 340 | 0.15 | allDay | 0 | 9 | 1 |
nappies-m-36 | Nappies M, 36 | household | ambient | 7900 | 1250 | 0.3 | evening | 0 | 0.2 | 1.1 |
`
