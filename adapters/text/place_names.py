"""The names by which people call time zones, beside those of tzdata: one zone a line, a zone may have several lines."""

OWN_NAMES = """
America/New_York: nyc|new york city|ny|manhattan|brooklyn|boston|washington|washington dc|dc|miami|atlanta
America/New_York: philadelphia|philly|orlando|tampa|charlotte|pittsburgh|cleveland|baltimore|est|edt|et|eastern
America/New_York: eastern time|east coast|us east|usa|us|united states|united states of america|america
America/New_York: the states|georgia usa|florida|new jersey|massachusetts|virginia|pennsylvania|north carolina
America/Chicago: cst|cdt|ct|central|central time|us central|dallas|houston|austin|san antonio|texas|minneapolis
America/Chicago: new orleans|st louis|saint louis|kansas city|memphis|nashville|milwaukee|illinois|oklahoma city
America/Chicago: minnesota
America/Denver: mst|mdt|mt|mountain time|mountain|salt lake city|colorado|utah|albuquerque|boulder
America/Phoenix: arizona|tucson
America/Los_Angeles: sf|san francisco|la|l.a.|pst|pdt|pt|pacific|pacific time|west coast|us west|california
America/Los_Angeles: seattle|portland|san diego|las vegas|vegas|san jose|silicon valley|oakland|palo alto
America/Los_Angeles: mountain view|cupertino|sacramento|nevada|oregon|washington state|redmond
America/Anchorage: alaska|akst|akdt
Pacific/Honolulu: hawaii|hst
America/Toronto: canada|ottawa|montreal|quebec|ontario|waterloo
America/Vancouver: british columbia|victoria
America/Edmonton: calgary|alberta
America/Halifax: nova scotia|ast|atlantic time
America/Mexico_City: mexico|mexico city|cdmx|guadalajara
America/Sao_Paulo: brazil|brasil|sao paulo|rio|rio de janeiro|brasilia|brt
America/Argentina/Buenos_Aires: argentina|art
America/Santiago: chile
America/Bogota: colombia|medellin
America/Lima: peru
America/Caracas: venezuela
Europe/London: uk|united kingdom|great britain|britain|england|scotland|wales|northern ireland|gb|bst|manchester
Europe/London: edinburgh|glasgow|birmingham|liverpool|bristol|leeds|cambridge|oxford|cardiff
Europe/Dublin: ireland|eire|cork|galway
Europe/Lisbon: portugal|porto|wet|west
Europe/Madrid: spain|barcelona|valencia|seville|sevilla|bilbao|malaga
Europe/Paris: france|cet|cest|lyon|marseille|nice|toulouse|bordeaux|central european time|strasbourg|lille
Europe/Paris: nantes|mez
Europe/Berlin: germany|deutschland|munich|münchen|hamburg|frankfurt|frankfurt am main|cologne|köln|stuttgart
Europe/Berlin: düsseldorf|dusseldorf|leipzig|dresden|hanover|hannover|nuremberg|nürnberg|bremen|essen|dortmund
Europe/Berlin: bonn|karlsruhe|heidelberg|mannheim|potsdam
Europe/Vienna: austria|graz|salzburg|linz|innsbruck|wien
Europe/Zurich: switzerland|geneva|basel|bern|lausanne|zürich|lucerne
Europe/Amsterdam: netherlands|the netherlands|holland|rotterdam|the hague|utrecht|eindhoven
Europe/Brussels: belgium|antwerp|ghent|bruges
Europe/Rome: italy|milan|milano|naples|turin|florence|venice|bologna|roma
Europe/Athens: greece|eet|eest|thessaloniki
Europe/Bucharest: romania|cluj
Europe/Warsaw: poland|krakow|cracow|wroclaw|gdansk|poznan|lodz
Europe/Prague: czech republic|czechia|brno|prag
Europe/Budapest: hungary
Europe/Copenhagen: denmark|aarhus
Europe/Stockholm: sweden|gothenburg|malmö|malmo
Europe/Oslo: norway|bergen|trondheim
Europe/Helsinki: finland|tampere|espoo
Europe/Kyiv: ukraine|kiev|lviv|odesa|odessa|kharkiv
Europe/Moscow: russia|msk|saint petersburg|st petersburg
Europe/Istanbul: turkey|türkiye|ankara|trt|izmir
Atlantic/Reykjavik: iceland
Africa/Cairo: egypt|alexandria
Africa/Lagos: nigeria|abuja|wat
Africa/Nairobi: kenya|eat
Africa/Johannesburg: south africa|cape town|pretoria|durban|sast
Africa/Casablanca: morocco|rabat|marrakesh|marrakech
Africa/Accra: ghana
Africa/Addis_Ababa: ethiopia
Africa/Algiers: algeria
Asia/Jerusalem: israel|tel aviv|haifa
Asia/Dubai: uae|united arab emirates|emirates|abu dhabi|gst
Asia/Riyadh: saudi arabia|jeddah|mecca
Asia/Qatar: doha
Asia/Tehran: iran
Asia/Karachi: pakistan|lahore|islamabad|pkt
Asia/Kolkata: india|ist|mumbai|bombay|delhi|new delhi|bangalore|bengaluru|chennai|madras|hyderabad|pune|calcutta
Asia/Kolkata: ahmedabad|jaipur|goa|gurgaon|noida|kochi
Asia/Dhaka: bangladesh
Asia/Colombo: sri lanka
Asia/Kathmandu: nepal
Asia/Bangkok: thailand|phuket|chiang mai
Asia/Ho_Chi_Minh: vietnam|hanoi|saigon|ho chi minh city|da nang
Asia/Jakarta: indonesia|wib
Asia/Makassar: bali|denpasar
Asia/Kuala_Lumpur: malaysia|kl|penang
Asia/Singapore: sgt|singapur
Asia/Manila: philippines|the philippines|cebu
Asia/Hong_Kong: hong kong|hk|hkt
Asia/Taipei: taiwan
Asia/Shanghai: china|beijing|peking|shenzhen|guangzhou|chengdu|hangzhou|wuhan|nanjing|xian|tianjin|prc
Asia/Seoul: south korea|korea|kst|busan
Asia/Tokyo: japan|jst|osaka|kyoto|yokohama|nagoya|sapporo|fukuoka
Australia/Sydney: australia|nsw|new south wales|canberra|aest|aedt|aet
Australia/Melbourne: victoria australia
Australia/Brisbane: queensland|gold coast
Australia/Perth: western australia|awst
Australia/Adelaide: acst|acdt
Pacific/Auckland: new zealand|nz|wellington|christchurch|nzst|nzdt|queenstown
UTC: utc|gmt|z|zulu|greenwich|coordinated universal time|universal time|greenwich mean time
"""
